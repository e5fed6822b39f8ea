/**
 * Takes events off the queue that nobody has leased: overflow, and what a crash left behind.
 *
 * Workflows are visited one after another, each by its own range of the index of free events, so a
 * backlog of one costs the others nothing. Each call begins behind the workflow where the last one
 * ended; otherwise a small `count` would serve the first workflows only.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { QueuedEvent } from '../../model/event.ts'
import { limits } from '../../model/limits.ts'
import type { Step } from '../../model/workflow.ts'
import { requestOf } from '../read-request.ts'
import type { AdoptEventLimits } from '../store.ts'
import type { Tables } from '../tables.ts'

// Not one comparison of (account_id, workflow_id): SQLite begins such a range at the equal rows.
const NEXT_WORKFLOW = `
  select account_id, workflow_id from event_queue
  where leased_by is null and account_id = ? and workflow_id > ?
  order by workflow_id limit 1`

const NEXT_ACCOUNT = `
  select account_id, workflow_id from event_queue
  where leased_by is null and account_id > ?
  order by account_id, workflow_id limit 1`

// Named, because the planner prefers the primary key, whose order is that of all workflows together.
const FREE_EVENTS = `
  select event_id from event_queue indexed by event_queue_free
  where leased_by is null and account_id = ? and workflow_id = ?
  order by event_id limit ?`

const LEASE = `
  update event_queue set leased_by = ?, starts = starts + 1
  where account_id = ? and event_id = ?
  returning starts`

const READ_EVENT = `
  select account_id, id, workflow_id, version, received_at, replay_of, test, method, scheme, host,
    uri, path, http_version, client_ip, steps, headers, body
  from event where account_id = ? and id = ?`

const START = { account_id: 0, workflow_id: '' }

export function prepareAdoptEvents(database: DatabaseSync, nodeId: string) {
  const nextWorkflow = database.prepare(NEXT_WORKFLOW)
  const nextAccount = database.prepare(NEXT_ACCOUNT)
  const freeEvents = database.prepare(FREE_EVENTS)
  const lease = database.prepare(LEASE)
  const readEvent = database.prepare(READ_EVENT)
  let last = START

  /** The workflow behind the last one, round and round. */
  function nextInTurn(): typeof START | undefined {
    const next =
      nextWorkflow.get(last.account_id, last.workflow_id) ??
      nextAccount.get(last.account_id) ??
      nextAccount.get(START.account_id)
    return next as typeof START | undefined
  }

  function take(accountId: number, eventId: string): QueuedEvent {
    const row = readEvent.get(accountId, eventId) as Tables['event']
    // `starts` of the port counts the executions before the one that begins now.
    const starts = Number(lease.get(nodeId, accountId, eventId)!['starts']) - 1
    return { ...queuedEvent(row), starts }
  }

  return ({ count, exceptWorkflows, perWorkflow }: AdoptEventLimits): QueuedEvent[] => {
    const excepted = new Set(exceptWorkflows)
    const visited = new Set<string>()
    const taken: QueuedEvent[] = []
    let bytes = 0
    while (taken.length < count && bytes < limits.adoptBytes) {
      const next = nextInTurn()
      const name = next && `${next.account_id} ${next.workflow_id}`
      if (!name || visited.has(name)) break
      visited.add(name)
      last = next
      if (excepted.has(next.workflow_id)) continue
      const room = Math.min(perWorkflow, count - taken.length)
      for (const { event_id } of freeEvents.all(next.account_id, next.workflow_id, room)) {
        const event = take(next.account_id, event_id as string)
        taken.push(event)
        bytes += event.request.body.byteLength
        if (bytes >= limits.adoptBytes) break
      }
    }
    return taken
  }
}

function queuedEvent(row: Tables['event']): Omit<QueuedEvent, 'starts'> {
  return {
    accountId: row.account_id,
    id: row.id,
    workflowId: row.workflow_id,
    version: row.version,
    receivedAt: row.received_at,
    replayOf: row.replay_of,
    test: row.test === 1,
    steps: row.steps === null ? null : (JSON.parse(row.steps) as Step[]),
    request: requestOf(row),
  }
}
