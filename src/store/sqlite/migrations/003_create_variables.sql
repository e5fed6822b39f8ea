-- An account's variables: values are sealed before they come here. What was replaced or removed stays
-- for a while, so that what was stored while it stood is still masked when it is shown.

create table variable (
  id integer not null primary key,
  account_id integer not null,
  name text not null,
  sealed text not null,
  updated_at integer not null,
  retired integer not null default 0 check (retired in (0, 1))
) strict;

create unique index variable_by_name on variable (account_id, name) where retired = 0;

create index variable_by_account on variable (account_id, retired, id);

-- Tells whether a key is the one that the variables were sealed with.
create table secret_key (
  id integer not null primary key check (id = 1),
  mark text not null
) strict;
