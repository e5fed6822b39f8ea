-- The list of deliveries that somebody may want to act on, newest first, among any number that are fine.
-- A delivery that is born leased and delivered never enters it. `pending` stays out, so that adoption
-- keeps the index that is made for it.
create index delivery_in_need on delivery (account_id, status, event_id, step, call_index)
  where status in ('failed', 'blocked', 'canceled', 'held');
