-- Bulk jobs that have ended, in the order in which they are let go of.
create index bulk_job_ended on bulk_job (account_id, finished_at, id) where finished_at is not null;
