-- What a workflow's requests are signed with, sealed: its current secret, and the one before it, which
-- still signs until it lapses.

create table signing_secret (
  id integer not null primary key,
  account_id integer not null,
  workflow_id text not null,
  sealed text not null,
  created_at integer not null,
  lapses_at integer
) strict;

create unique index signing_secret_current on signing_secret (account_id, workflow_id)
  where lapses_at is null;

create index signing_secret_by_workflow on signing_secret (account_id, workflow_id, id);
