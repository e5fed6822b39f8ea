-- Facts are appended: event, run, run_late, delivery_request and attempt rows never change.
-- What changes is narrow: event_queue holds events without a finished run, delivery holds states.
-- Wide tables keep a rowid, because a row of a few KiB does not fit a page of a rowid-less table.

create table account (
  id integer not null primary key,
  name text not null,
  suspended integer not null default 0 check (suspended in (0, 1))
) strict;

insert into account (id, name) values (1, 'default');

create table token (
  account_id integer not null,
  id text not null,
  hash text not null unique,
  name text not null,
  scopes text not null,
  last4 text not null,
  created_at integer not null,
  last_used_at integer,
  expires_at integer,
  primary key (account_id, id)
) strict, without rowid;

create table workflow (
  account_id integer not null,
  id text not null,
  key text not null unique,
  version integer not null,
  active integer not null default 1 check (active in (0, 1)),
  suspended integer not null default 0 check (suspended in (0, 1)),
  created_at integer not null,
  updated_at integer not null,
  primary key (account_id, id)
) strict, without rowid;

create table workflow_version (
  account_id integer not null,
  workflow_id text not null,
  version integer not null,
  name text not null,
  steps text not null,
  settings text not null,
  created_at integer not null,
  primary key (account_id, workflow_id, version)
) strict, without rowid;

create table event (
  account_id integer not null,
  id text not null,
  workflow_id text not null,
  version integer not null,
  received_at integer not null,
  replay_of text,
  test integer not null check (test in (0, 1)),
  error text,
  method text not null,
  scheme text not null check (scheme in ('http', 'https')),
  host text not null,
  uri text not null,
  path text not null,
  http_version text not null,
  client_ip text not null,
  steps text,
  headers text not null,
  body blob not null,
  primary key (account_id, id)
) strict;

create index event_by_workflow on event (account_id, workflow_id, received_at, id);

create table event_queue (
  account_id integer not null,
  event_id text not null,
  workflow_id text not null,
  leased_by text,
  starts integer not null,
  primary key (account_id, event_id)
) strict, without rowid;

create index event_queue_free on event_queue (account_id, workflow_id, event_id)
  where leased_by is null;

create table idempotency (
  account_id integer not null,
  workflow_id text not null,
  key text not null,
  body_hash text not null,
  event_id text not null,
  at integer not null,
  primary key (account_id, workflow_id, key)
) strict, without rowid;

create index idempotency_by_age on idempotency (at);

create table run (
  account_id integer not null,
  event_id text not null,
  workflow_id text not null,
  version integer not null,
  status text not null check (status in ('succeeded', 'ended', 'failed', 'timed_out')),
  started_at integer not null,
  duration_ms real not null,
  message text,
  resend_interrupted integer not null check (resend_interrupted in (0, 1)),
  hops integer not null,
  steps text not null,
  primary key (account_id, event_id)
) strict;

create table run_late (
  id integer not null primary key,
  account_id integer not null,
  event_id text not null,
  step text not null,
  entry text not null
) strict;

create index run_late_by_event on run_late (account_id, event_id, id);

create table delivery (
  account_id integer not null,
  event_id text not null,
  step integer not null,
  call_index integer not null,
  origin text not null,
  status text not null check (
    status in ('pending', 'sending', 'delivered', 'failed', 'blocked', 'canceled', 'held')
  ),
  code text,
  due_at integer,
  leased_by text,
  -- The number of the last attempt that was begun.
  attempts integer not null,
  primary key (account_id, event_id, step, call_index),
  check ((status = 'sending') = (leased_by is not null)),
  check ((status in ('pending', 'sending')) = (due_at is not null))
) strict, without rowid;

-- First attempts before retries, oldest first, within each lane.
create index delivery_pending on delivery (account_id, origin, attempts > 0, due_at)
  where status = 'pending';

create index delivery_sending on delivery (account_id) where status = 'sending';

create table delivery_request (
  account_id integer not null,
  event_id text not null,
  step integer not null,
  call_index integer not null,
  step_name text not null,
  method text not null,
  url text not null,
  timeout_ms integer not null,
  retry text,
  follow_redirects integer not null,
  signed integer not null check (signed in (0, 1)),
  headers text not null,
  body blob,
  primary key (account_id, event_id, step, call_index)
) strict;

create table attempt (
  account_id integer not null,
  event_id text not null,
  step integer not null,
  call_index integer not null,
  number integer not null,
  started_at integer not null,
  outcome text not null check (outcome in ('delivered', 'failed', 'blocked', 'interrupted')),
  code text,
  remote_address text,
  timings text,
  error text,
  request text,
  response text,
  response_body blob,
  primary key (account_id, event_id, step, call_index, number),
  check ((response is null) = (response_body is null))
) strict;

-- One row per node, rewritten to prove that the store can write.
create table heartbeat (
  node_id text not null primary key,
  at integer not null
) strict, without rowid;
