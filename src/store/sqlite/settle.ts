/**
 * Delivery settled with its attempt. Invariant: the attempt stays on record whatever became of the
 * delivery; the delivery changes only while this very attempt is the one under way.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { SettlementRow } from './wire.ts'

const INSERT_ATTEMPT = `
  insert into attempt (account_id, event_id, step, call_index, number, started_at, outcome, code,
    remote_address, timings, error, request, response, response_body)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (account_id, event_id, step, call_index, number) do nothing`

const UPDATE_DELIVERY = `
  update delivery set status = ?, code = ?, due_at = ?, leased_by = null
  where account_id = ? and event_id = ? and step = ? and call_index = ? and attempts = ?
    and status = 'sending'`

export function prepareSettle(database: DatabaseSync) {
  const insertAttempt = database.prepare(INSERT_ATTEMPT)
  const updateDelivery = database.prepare(UPDATE_DELIVERY)

  return (rows: readonly SettlementRow[]): void => {
    for (const { attempt, delivery } of rows) {
      insertAttempt.run(...attempt)
      updateDelivery.run(...delivery)
    }
  }
}
