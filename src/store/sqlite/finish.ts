/**
 * Run finished with its sends: the event leaves the queue, and its run and deliveries appear, in one
 * transaction. Taking the event off the queue is the fence: only who still holds it may finish it.
 */
import type { DatabaseSync } from 'node:sqlite'
import { AppError } from '../../errors.ts'
import { runIdOf } from '../../model/ids.ts'
import type { Column, DeliveryRow } from './wire.ts'

const DEQUEUE = `
  delete from event_queue
  where account_id = ? and event_id = ? and (leased_by = ? or leased_by is null)`

const FIND_RUN = `select 1 from run where account_id = ? and event_id = ?`

const FIND_QUEUED = `select 1 from event_queue where account_id = ? and event_id = ?`

const INSERT_RUN = `
  insert into run (account_id, event_id, workflow_id, version, status, started_at, duration_ms,
    message, resend_interrupted, hops, steps)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const INSERT_DELIVERY = `
  insert into delivery (account_id, event_id, step, call_index, origin, status, due_at, leased_by,
    attempts)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)`

const INSERT_DESTINATION = `
  insert into destination (account_id, origin) values (?, ?) on conflict do nothing`

const INSERT_REQUEST = `
  insert into delivery_request (account_id, event_id, step, call_index, step_name, method, url,
    timeout_ms, retry, follow_redirects, signed, headers, body_size, sealed, body)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** True when this call ended the run, false when it had been ended before. */
export function prepareFinish(database: DatabaseSync, nodeId: string) {
  const dequeue = database.prepare(DEQUEUE)
  const findRun = database.prepare(FIND_RUN)
  const findQueued = database.prepare(FIND_QUEUED)
  const insertRun = database.prepare(INSERT_RUN)
  const insertDelivery = database.prepare(INSERT_DELIVERY)
  const insertDestination = database.prepare(INSERT_DESTINATION)
  const insertRequest = database.prepare(INSERT_REQUEST)

  return (run: readonly Column[], sends: readonly DeliveryRow[], at: number): boolean => {
    const [accountId, eventId] = run as [number, string]
    if (dequeue.run(accountId, eventId, nodeId).changes === 0) {
      if (findRun.get(accountId, eventId)) return false
      if (findQueued.get(accountId, eventId)) {
        throw new AppError('lease_lost', { id: runIdOf(eventId) })
      }
      throw new AppError('not_found', { noun: 'queued event', id: eventId })
    }
    insertRun.run(...run)
    for (const origin of new Set(sends.map((send) => send.origin))) {
      insertDestination.run(accountId, origin)
    }
    for (const { step, index, origin, leased, request } of sends) {
      const [status, holder, attempts] = leased ? ['sending', nodeId, 1] : ['pending', null, 0]
      insertDelivery.run(accountId, eventId, step, index, origin, status, at, holder, attempts)
      insertRequest.run(accountId, eventId, ...request)
    }
    return true
  }
}
