/**
 * One event in full: its request, its run with every step, its deliveries with every attempt; and the
 * counts of what waits. The same in every dialect; PostgreSQL answers counts as text, hence `Number`.
 */
import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { DeliveryStatus } from '../model/delivery.ts'
import type { EventError } from '../model/event.ts'
import { runIdOf } from '../model/ids.ts'
import type { LogEntry, StepRecord } from '../model/run.ts'
import type { Step } from '../model/workflow.ts'
import type { Backlog, DeliveryDetail, Dest, EventDetail, ReceivedEvent } from './inspect.ts'
import { readDeliveries } from './read-delivery.ts'
import { statusOf } from './read-events.ts'
import { requestColumns, requestOf } from './read-request.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>
type Late = LogEntry & { readonly step: string }

export async function readEvent(
  db: Db,
  accountId: number,
  eventId: string,
): Promise<EventDetail | undefined> {
  const received = await readReceivedEvent(db, accountId, eventId)
  if (!received) return undefined
  const run = received.error === null ? await readRun(db, accountId, eventId) : null
  const deliveries = await readDeliveries(db, accountId, eventId)
  return { ...received, run, dest: destOf(deliveries), deliveries }
}

/** What came in, without what became of it. */
export async function readReceivedEvent(
  db: Db,
  accountId: number,
  eventId: string,
): Promise<ReceivedEvent | undefined> {
  const row = await db
    .selectFrom('event')
    .select(['workflow_id', 'version', 'received_at', 'replay_of', 'test', 'error', 'steps'])
    .select(requestColumns)
    .where('account_id', '=', accountId)
    .where('id', '=', eventId)
    .executeTakeFirst()
  if (!row) return undefined
  return {
    id: eventId,
    accountId,
    workflowId: row.workflow_id,
    version: row.version,
    receivedAt: row.received_at,
    replayOf: row.replay_of,
    test: row.test === 1,
    steps: parsed(row.steps) as readonly Step[] | null,
    error: parsed(row.error) as EventError | null,
    request: requestOf(row),
  }
}

/** Counted from the deliveries it is shown with: a second read could see a later commit than the first. */
function destOf(deliveries: readonly DeliveryDetail[]): Dest {
  const count = (...statuses: readonly DeliveryStatus[]): number =>
    deliveries.filter(({ status }) => statuses.includes(status)).length
  return {
    delivered: count('delivered'),
    total: deliveries.length,
    failed: count('failed', 'blocked', 'canceled'),
  }
}

export async function readBacklog(db: Db): Promise<Backlog> {
  const queued = await db
    .selectFrom('event_queue')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow()
  // One by one, and by value: each has a partial index of its own, used for nothing else.
  const pending = await countDeliveries(db, 'pending')
  const sending = await countDeliveries(db, 'sending')
  return {
    queuedEvents: Number(queued.count),
    pendingDeliveries: pending + sending,
    oldestQueuedAt: await readOldestQueued(db),
  }
}

/**
 * Ids sort by time, so the first of each account is enough to look at. In steps and not by a join: SQLite
 * would begin that at the events, all of them.
 */
async function readOldestQueued(db: Db): Promise<number | null> {
  const firsts = await db
    .selectFrom('account as a')
    .select((eb) => [
      'a.id as account',
      eb
        .selectFrom('event_queue as q')
        .select((q) => q.fn.min('q.event_id').as('id'))
        .whereRef('q.account_id', '=', 'a.id')
        .as('event'),
    ])
    .execute()
  const queued = firsts.filter(({ event }) => event !== null)
  if (queued.length === 0) return null
  const oldest = queued.reduce((one, other) => (other.event! < one.event! ? other : one))
  const found = await db
    .selectFrom('event')
    .select('received_at')
    .where('account_id', '=', oldest.account)
    .where('id', '=', oldest.event)
    .executeTakeFirst()
  return found?.received_at ?? null
}

async function countDeliveries(db: Db, status: 'pending' | 'sending'): Promise<number> {
  const { count } = await db
    .selectFrom('delivery')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('status', '=', sql.lit(status))
    .executeTakeFirstOrThrow()
  return Number(count)
}

async function readRun(db: Db, accountId: number, eventId: string): Promise<EventDetail['run']> {
  const row = await db
    .selectFrom('event as e')
    .leftJoin('run as r', (join) =>
      join.onRef('r.account_id', '=', 'e.account_id').onRef('r.event_id', '=', 'e.id'),
    )
    .leftJoin('event_queue as q', (join) =>
      join.onRef('q.account_id', '=', 'e.account_id').onRef('q.event_id', '=', 'e.id'),
    )
    .select(['e.error', 'r.status', 'r.started_at', 'r.duration_ms', 'r.message', 'r.steps'])
    .select('q.leased_by')
    .where('e.account_id', '=', accountId)
    .where('e.id', '=', eventId)
    .executeTakeFirstOrThrow()
  return {
    id: runIdOf(eventId),
    status: statusOf(row)!,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    message: row.message,
    steps: (parsed(row.steps) ?? []) as readonly StepRecord[],
    late: await readLate(db, accountId, eventId),
  }
}

async function readLate(db: Db, accountId: number, eventId: string): Promise<Late[]> {
  const rows = await db
    .selectFrom('run_late')
    .select(['step', 'entry'])
    .where('account_id', '=', accountId)
    .where('event_id', '=', eventId)
    .orderBy('id')
    .execute()
  return rows.map(({ step, entry }) => Object.assign(JSON.parse(entry) as LogEntry, { step }))
}

function parsed(json: string | null): unknown {
  return json === null ? null : JSON.parse(json)
}
