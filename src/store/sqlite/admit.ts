/**
 * Event accepted: the row of the event and its place in the queue, or the answer that it is known.
 * Invariant: idempotency is decided inside the transaction that stores the event.
 */
import type { DatabaseSync } from 'node:sqlite'
import { limits } from '../../model/limits.ts'
import type { Admitted } from '../store.ts'
import type { EventRow } from './wire.ts'

const INSERT_EVENT = `
  insert into event (account_id, id, workflow_id, version, received_at, replay_of, test, error,
    method, scheme, host, uri, path, http_version, client_ip, steps, headers, body)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const INSERT_QUEUE = `
  insert into event_queue (account_id, event_id, workflow_id, leased_by, starts)
  values (?, ?, ?, ?, ?)`

const FIND_KEY = `
  select body_hash, event_id from idempotency
  where account_id = ? and workflow_id = ? and key = ? and at > ?`

const REPLACE_KEY = `
  insert or replace into idempotency (account_id, workflow_id, key, body_hash, event_id, at)
  values (?, ?, ?, ?, ?, ?)`

// Two old keys go for each new one, so the table shrinks to its window without a duty of its own.
const DELETE_OLD_KEYS = `
  delete from idempotency where (account_id, workflow_id, key) in (
    select account_id, workflow_id, key from idempotency where at <= ? order by at limit 2)`

const ACCOUNT = 0
const ID = 1
const WORKFLOW = 2
const ERROR = 7

/** Stores events in order. Null stands for "created under the id it brought". */
export function prepareAdmit(database: DatabaseSync, nodeId: string) {
  const insertEvent = database.prepare(INSERT_EVENT)
  const insertQueue = database.prepare(INSERT_QUEUE)
  const findKey = database.prepare(FIND_KEY)
  const replaceKey = database.prepare(REPLACE_KEY)
  const deleteOldKeys = database.prepare(DELETE_OLD_KEYS)

  function known(row: EventRow, at: number): Admitted | null {
    if (!row.idempotency) return null
    const [key, bodyHash] = row.idempotency
    const scope = [row.columns[ACCOUNT]!, row.columns[WORKFLOW]!, key] as const
    const windowStart = at - limits.idempotencyWindowMs
    const found = findKey.get(...scope, windowStart)
    if (found?.['body_hash'] === bodyHash) {
      return { kind: 'repeated', id: found['event_id'] as string }
    }
    if (found) return { kind: 'mismatch', key }
    replaceKey.run(...scope, bodyHash, row.columns[ID]!, at)
    deleteOldKeys.run(windowStart)
    return null
  }

  return (rows: readonly EventRow[], at: number): (Admitted | null)[] =>
    rows.map((row) => {
      const answer = known(row, at)
      if (answer) return answer
      insertEvent.run(...row.columns)
      if (row.columns[ERROR] !== null) return null
      const [accountId, id, workflowId] = row.columns as [number, string, string]
      insertQueue.run(accountId, id, workflowId, row.leased ? nodeId : null, row.leased ? 1 : 0)
      return null
    })
}
