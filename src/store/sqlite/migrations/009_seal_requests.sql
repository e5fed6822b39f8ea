-- A request that holds secrets waits sealed: then url, headers and body are what may be shown of it, and
-- body_size is that of the body which is sent.
alter table delivery_request add column body_size integer;

alter table delivery_request add column sealed blob
  check ((sealed is null) = (body_size is null));
