-- Browsers that signed in: a cookie, hashed, that stands for the token it was opened with.

create table session (
  hash text not null primary key,
  account_id integer not null,
  token_hash text not null,
  created_at integer not null,
  last_seen_at integer not null
) strict, without rowid;
