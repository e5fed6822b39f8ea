/**
 * Figures over time, computed from the rows themselves with bounded work, so they cannot drift from what
 * the lists show: events are counted in an index; what became of them is looked up for all events of a
 * bucket that has few, and else for a sample spread evenly over it, and scaled. The answer says which.
 *
 * Everything is told of the bucket in which the event came in, also a delivery that took until tomorrow.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Attempt, DeliveryStatus } from '../model/delivery.ts'
import { idAt, timeOfId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { RunStatus } from '../model/run.ts'
import { quantilesOf } from '../model/series.ts'
import type { Buckets } from '../model/series.ts'
import type { StatsBucket } from './inspect.ts'
import { statusOf } from './read-events.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>

/** Whose events: an account's, or those of one of its workflows. */
export type Scope = { readonly accountId: number; readonly workflowId: string | null }

const SLICES = 5

export async function readStats(
  db: Db,
  accountId: number,
  workflowId: string | null,
  buckets: Buckets,
): Promise<readonly StatsBucket[]> {
  const all: StatsBucket[] = []
  for (let i = 0; i < buckets.count; i++) {
    const from = buckets.from + i * buckets.widthMs
    all.push(await readBucket(db, { accountId, workflowId }, from, from + buckets.widthMs))
    await nextTurn()
  }
  return all
}

/**
 * How many events came in from `from` until before `to`. Counted up to `most`; past that, how long they
 * took to come tells how many the whole span has.
 */
export async function countEvents(
  db: Db,
  scope: Scope,
  from: number,
  to: number,
  most: number,
): Promise<{ readonly count: number; readonly isExact: boolean }> {
  // Nothing but the count, which is half the time; who was the last is asked where it matters.
  const { count } = await db
    .selectFrom(
      eventIds(db, scope, from, to)
        .limit(most + 1)
        .as('e'),
    )
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow()
  const counted = Number(count)
  if (counted <= most) return { count: counted, isExact: true }
  const last = await eventIds(db, scope, from, to).limit(1).offset(most).executeTakeFirstOrThrow()
  const share = Math.max(1, timeOfId(last.id) - from) / (to - from)
  return { count: Math.round(counted / Math.min(1, share)), isExact: false }
}

async function readBucket(db: Db, scope: Scope, from: number, to: number): Promise<StatsBucket> {
  const { count, isExact } = await countEvents(db, scope, from, to, limits.statsCounted)
  const ids = await sampleIds(db, scope, from, to, count)
  const runs = await readRuns(db, scope.accountId, ids)
  const deliveries = await readSends(db, scope.accountId, ids)
  const scale = ids.length === 0 ? 0 : count / ids.length
  const ran = runs.filter(({ status }) => status !== null)
  return {
    at: from,
    events: count,
    isExact: isExact && ids.length === count,
    refused: scaled(runs.length - ran.length, scale),
    runs: tally(
      ran.map((run) => run.status!),
      scale,
    ),
    deliveries: tally(
      deliveries.map(({ status }) => status),
      scale,
    ),
    delayMs: quantilesOf(ran.flatMap(({ delayMs }) => delayMs ?? [])),
    runMs: quantilesOf(ran.flatMap(({ durationMs }) => durationMs ?? [])),
    deliveryMs: quantilesOf(deliveries.flatMap(({ totalMs }) => totalMs ?? [])),
  }
}

const scaled = (found: number, scale: number): number => Math.round(found * scale)

function tally<Name extends string>(
  names: readonly Name[],
  scale: number,
): Readonly<Partial<Record<Name, number>>> {
  const counts: Partial<Record<Name, number>> = {}
  for (const [name, group] of Map.groupBy(names, (one) => one)) {
    counts[name] = scaled(group.length, scale)
  }
  return counts
}

/** All ids where there are few; else as many from each slice of the span, the first of it. */
async function sampleIds(
  db: Db,
  scope: Scope,
  from: number,
  to: number,
  count: number,
): Promise<readonly string[]> {
  if (count === 0) return []
  const slices = count <= limits.statsSample ? 1 : SLICES
  const width = (to - from) / slices
  const ids: string[] = []
  for (let i = 0; i < slices; i++) {
    const [start, end] = [Math.floor(from + i * width), Math.floor(from + (i + 1) * width)]
    const found = eventIds(db, scope, start, end).limit(Math.ceil(limits.statsSample / slices))
    ids.push(...(await found.execute()).map(({ id }) => id))
  }
  return ids
}

/** In order of time, along the index that has it: an account's by id, a workflow's by its own. */
function eventIds(db: Db, { accountId, workflowId }: Scope, from: number, to: number) {
  const all = db.selectFrom('event').select('id').where('account_id', '=', accountId)
  if (workflowId === null) {
    const spans = all.where('id', '>=', idAt('evt', from)).where('id', '<', idAt('evt', to))
    return spans.orderBy('id')
  }
  return all
    .where('workflow_id', '=', workflowId)
    .where('received_at', '>=', from)
    .where('received_at', '<', to)
    .orderBy('received_at')
    .orderBy('id')
}

type Run = {
  readonly status: RunStatus | null
  readonly durationMs: number | null
  readonly delayMs: number | null
}

async function readRuns(db: Db, accountId: number, ids: readonly string[]): Promise<Run[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('event as e')
    .leftJoin('run as r', (join) =>
      join.onRef('r.account_id', '=', 'e.account_id').onRef('r.event_id', '=', 'e.id'),
    )
    .leftJoin('event_queue as q', (join) =>
      join.onRef('q.account_id', '=', 'e.account_id').onRef('q.event_id', '=', 'e.id'),
    )
    .select(['e.received_at', 'e.error', 'r.status', 'r.started_at', 'r.duration_ms'])
    .select('q.leased_by')
    .where('e.account_id', '=', accountId)
    .where('e.id', 'in', ids)
    .execute()
  return rows.map((row) => ({
    status: statusOf(row),
    durationMs: row.duration_ms,
    delayMs: row.started_at === null ? null : Math.max(0, row.started_at - row.received_at),
  }))
}

type Sent = { readonly status: DeliveryStatus; readonly totalMs: number | null }

/** The time is that of the last attempt. */
async function readSends(db: Db, accountId: number, ids: readonly string[]): Promise<Sent[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('delivery as d')
    .leftJoin('attempt as a', (join) =>
      join
        .onRef('a.account_id', '=', 'd.account_id')
        .onRef('a.event_id', '=', 'd.event_id')
        .onRef('a.step', '=', 'd.step')
        .onRef('a.call_index', '=', 'd.call_index')
        .onRef('a.number', '=', 'd.attempts'),
    )
    .select(['d.status', 'a.timings'])
    .where('d.account_id', '=', accountId)
    .where('d.event_id', 'in', ids)
    .execute()
  return rows.map(({ status, timings }) => ({
    status: status as DeliveryStatus,
    totalMs:
      timings === null ? null : ((JSON.parse(timings) as Attempt['timings'])?.totalMs ?? null),
  }))
}
