/**
 * Takes deliveries that are due and that nobody has leased: retries, overflow, what a crash cut.
 *
 * Origins are visited one after another: the index of pending deliveries is ordered by origin, then
 * first attempts before retries, then age, so the first row of an origin tells whether anything of it
 * is due, and a million rows of one full origin cost one step. What the origins offer is then merged
 * in the order of the port. A call stops visiting when it has candidates enough, and the next call goes
 * on behind them, so many origins share the places.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Selectable } from 'kysely'
import type { DeliveryTask } from '../../model/delivery.ts'
import { laneKey } from '../../model/destination.ts'
import { deliveryId } from '../../model/ids.ts'
import { limits } from '../../model/limits.ts'
import { sendOf } from '../read-send.ts'
import type { AdoptLimits } from '../store.ts'
import type { Tables } from '../tables.ts'

// Not one comparison of (account_id, origin): SQLite begins such a range at the equal rows, and walks
// over the whole backlog of the origin it is to leave behind.
const NEXT_ORIGIN = `
  select account_id, origin from delivery
  where status = 'pending' and account_id = ? and origin > ?
  order by origin limit 1`

const NEXT_ACCOUNT = `
  select account_id, origin from delivery
  where status = 'pending' and account_id > ?
  order by account_id, origin limit 1`

// The first condition is the index's, word for word: without it this reads every destination there is.
const PAUSED = `
  select account_id, origin from destination
  where (state <> 'ok' or concurrency is not null or rate_per_second is not null)
    and state = 'paused'`

const DUE = `
  select account_id, event_id, step, call_index, attempts, due_at from delivery
  where status = 'pending' and account_id = ? and origin = ? and (attempts > 0) = ? and due_at <= ?
  order by due_at limit ?`

const LEASE = `
  update delivery set status = 'sending', leased_by = ?, attempts = attempts + 1
  where account_id = ? and event_id = ? and step = ? and call_index = ? and status = 'pending'`

const READ_TASK = `
  select r.account_id, r.event_id, r.step, r.call_index, r.step_name, r.method, r.url, r.timeout_ms,
    r.retry, r.follow_redirects, r.signed, r.headers, r.body, r.sealed, d.origin, run.workflow_id, run.hops
  from delivery d
  join delivery_request r using (account_id, event_id, step, call_index)
  join run using (account_id, event_id)
  where d.account_id = ? and d.event_id = ? and d.step = ? and d.call_index = ?`

/** More than any `count`; it bounds what one call holds up the writer for, some 10 ms. */
const CANDIDATES = 5_000
const START = { account_id: 0, origin: '' }

type TaskRow = Omit<Selectable<Tables['delivery_request']>, 'body_size'> & {
  origin: string
  workflow_id: string
  hops: number
}
type Due = {
  account_id: number
  event_id: string
  step: number
  call_index: number
  attempts: number
  due_at: number
}

export function prepareAdoptDeliveries(database: DatabaseSync, nodeId: string) {
  const candidates = prepareCandidates(database)
  const take = prepareTake(database, nodeId)

  return (wanted: AdoptLimits, at: number): DeliveryTask[] => {
    const firstThenOldest = candidates(wanted, at).sort(
      (a, b) => Number(a.attempts > 0) - Number(b.attempts > 0) || a.due_at - b.due_at,
    )
    const taken: DeliveryTask[] = []
    let bytes = 0
    for (const delivery of firstThenOldest.slice(0, wanted.count)) {
      const task = take(delivery)
      taken.push(task)
      bytes += (task.send.body?.byteLength ?? 0) + (task.sealed?.byteLength ?? 0)
      if (bytes >= limits.adoptBytes) break
    }
    return taken
  }
}

function prepareCandidates(database: DatabaseSync) {
  const nextOrigin = database.prepare(NEXT_ORIGIN)
  const nextAccount = database.prepare(NEXT_ACCOUNT)
  const due = database.prepare(DUE)
  const paused = database.prepare(PAUSED)
  let last = START

  /** The lane behind the last one, round and round. */
  function nextLane(): typeof START | undefined {
    const next =
      nextOrigin.get(last.account_id, last.origin) ??
      nextAccount.get(last.account_id) ??
      nextAccount.get(START.account_id)
    return next as typeof START | undefined
  }

  function dueOf(lane: typeof START, at: number, room: number, retriesMost: number): Due[] {
    const firsts = due.all(lane.account_id, lane.origin, 0, at, room)
    const rest = Math.min(room - firsts.length, retriesMost)
    const retries = rest > 0 ? due.all(lane.account_id, lane.origin, 1, at, rest) : []
    return [...firsts, ...retries] as Due[]
  }

  return (wanted: AdoptLimits, at: number): Due[] => {
    const { count, exceptLanes, perLane, rooms = {}, retries = {} } = wanted
    const excepted = new Set(exceptLanes)
    for (const lane of paused.all() as (typeof START)[]) excepted.add(nameOf(lane))
    const visited = new Set<string>()
    const found: Due[] = []
    while (found.length < CANDIDATES) {
      const next = nextLane()
      const name = next && nameOf(next)
      if (!name || visited.has(name)) break
      visited.add(name)
      last = next
      if (excepted.has(name)) continue
      const room = Math.min(count, perLane, rooms[name] ?? count)
      if (room > 0) found.push(...dueOf(next, at, room, retries[name] ?? room))
    }
    return found
  }
}

const nameOf = ({ account_id, origin }: typeof START): string => laneKey(account_id, origin)

function prepareTake(database: DatabaseSync, nodeId: string) {
  const lease = database.prepare(LEASE)
  const readTask = database.prepare(READ_TASK)

  return ({ account_id, event_id, step, call_index, attempts, due_at }: Due): DeliveryTask => {
    const key = [account_id, event_id, step, call_index] as const
    lease.run(nodeId, ...key)
    const row = readTask.get(...key) as TaskRow
    return {
      accountId: account_id,
      id: deliveryId(event_id, step, call_index),
      eventId: event_id,
      workflowId: row.workflow_id,
      origin: row.origin,
      send: sendOf(row),
      sealed: row.sealed,
      attempt: attempts + 1,
      dueAt: due_at,
      hops: row.hops,
    }
  }
}
