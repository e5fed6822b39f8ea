-- A destination appears with its first delivery. 'resuming' is over when nothing is held for it any more.
create table destination (
  account_id integer not null,
  origin text not null,
  state text not null default 'ok' check (state in ('ok', 'paused', 'resuming')),
  concurrency integer check (concurrency > 0),
  rate_per_second real check (rate_per_second > 0),
  primary key (account_id, origin)
) strict, without rowid;

create index destination_set on destination (account_id, origin)
  where state <> 'ok' or concurrency is not null or rate_per_second is not null;

insert into destination (account_id, origin) select distinct account_id, origin from delivery;

-- When it was due, of a delivery that is held only because its destination is paused.
alter table delivery add column resume_at integer
  check (resume_at is null or status = 'held');

create index delivery_held on delivery (account_id, origin, resume_at) where status = 'held';
