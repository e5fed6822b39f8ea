-- Packages that steps import: the lock of each set, by its SHA-256, and the set that a version runs with.

create table package_set (
  hash text not null primary key,
  lock text not null,
  asked_at integer not null
) strict;

alter table workflow_version add column package_set text;
alter table workflow_version add column package_versions text
  check ((package_set is null) = (package_versions is null));
