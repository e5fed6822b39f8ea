-- Work in bulk: what was asked for, and how far it is. `cursor` moves with the items that it has passed,
-- in one transaction, so that no item is done twice or left out.

create table bulk_job (
  account_id integer not null,
  id text not null,
  action text not null check (action in ('replay', 'redeliver')),
  filter text not null,
  rate integer not null,
  state text not null check (state in ('running', 'done', 'canceled')),
  -- Null until the items have been counted.
  total integer,
  done integer not null,
  failed integer not null,
  message text,
  cursor text,
  created_at integer not null,
  finished_at integer,
  primary key (account_id, id),
  check ((state = 'running') = (finished_at is null))
) strict, without rowid;

create index bulk_job_open on bulk_job (account_id, id) where state = 'running';
