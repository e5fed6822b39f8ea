/**
 * What a node does first when it comes up: takes the leases of dead nodes away. The lock on the folder
 * proves that every other node is dead. One transaction: a crash during recovery repeats it.
 *
 * An attempt that was under way is put on record as `interrupted`, and its delivery is sent again under
 * the same id, each time a crash cuts it; or held, where the run said so. How often an event was
 * started stays counted, so that one which kills its node does not do so for ever.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Recovered } from '../store.ts'

const FREE_EVENTS = `update event_queue set leased_by = null where leased_by is not null`

// When the attempt began is not known; when it was due is, and that is at most a queue earlier.
const RECORD_INTERRUPTED = `
  insert into attempt (account_id, event_id, step, call_index, number, started_at, outcome, error)
  select account_id, event_id, step, call_index, attempts, due_at, 'interrupted', ?
  from delivery where status = 'sending'
  on conflict (account_id, event_id, step, call_index, number) do nothing`

const HOLD = `
  update delivery set status = 'held', due_at = null, leased_by = null
  where status = 'sending' and (
    select resend_interrupted from run
    where run.account_id = delivery.account_id and run.event_id = delivery.event_id) = 0`

const SEND_AGAIN = `
  update delivery set status = 'pending', due_at = ?, leased_by = null
  where status = 'sending'`

const INTERRUPTED = JSON.stringify({
  message:
    'Sendoff stopped before the end of this attempt was on record: it may have been sent, and its result is not known.',
  detail: null,
})

export function recover(database: DatabaseSync, at: number): Recovered {
  database.exec('begin immediate')
  try {
    const events = Number(database.prepare(FREE_EVENTS).run().changes)
    database.prepare(RECORD_INTERRUPTED).run(INTERRUPTED)
    const held = Number(database.prepare(HOLD).run().changes)
    const again = Number(database.prepare(SEND_AGAIN).run(at).changes)
    database.exec('commit')
    return { events, interrupted: held + again, held }
  } catch (error) {
    if (database.isTransaction) database.exec('rollback')
    throw error
  }
}
