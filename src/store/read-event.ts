/**
 * One event in full: its request, its run with every step, its deliveries with every attempt; and the
 * counts of what waits. The same in every dialect; PostgreSQL answers counts as text, hence `Number`.
 */
import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { Attempt, CapturedResponse, DeliveryStatus, FailureCode } from '../model/delivery.ts'
import type { EventError } from '../model/event.ts'
import { type DeliveryKey, deliveryId, runIdOf } from '../model/ids.ts'
import type { LogEntry, StepRecord } from '../model/run.ts'
import type { Step } from '../model/workflow.ts'
import type { Backlog, DeliveryDetail, Dest, EventDetail } from './inspect.ts'
import { statusOf } from './read-events.ts'
import { requestColumns, requestOf } from './read-request.ts'
import { sendColumns, sendOf } from './read-send.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>
type Late = LogEntry & { readonly step: string }

export async function readEvent(
  db: Db,
  accountId: number,
  eventId: string,
): Promise<EventDetail | undefined> {
  const row = await db
    .selectFrom('event')
    .select(['workflow_id', 'version', 'received_at', 'replay_of', 'test', 'error', 'steps'])
    .select(requestColumns)
    .where('account_id', '=', accountId)
    .where('id', '=', eventId)
    .executeTakeFirst()
  if (!row) return undefined
  const run = row.error === null ? await readRun(db, accountId, eventId) : null
  const deliveries = await readDeliveries(db, accountId, eventId)
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
    run,
    dest: destOf(deliveries),
    deliveries,
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

export async function readDeliveryStatus(
  db: Db,
  accountId: number,
  key: DeliveryKey,
): Promise<{ workflowId: string; origin: string; status: DeliveryStatus } | undefined> {
  const row = await db
    .selectFrom('delivery as d')
    .innerJoin('run as r', (join) =>
      join.onRef('r.account_id', '=', 'd.account_id').onRef('r.event_id', '=', 'd.event_id'),
    )
    .select(['r.workflow_id', 'd.origin', 'd.status'])
    .where('d.account_id', '=', accountId)
    .where('d.event_id', '=', key.eventId)
    .where('d.step', '=', key.step)
    .where('d.call_index', '=', key.index)
    .executeTakeFirst()
  if (!row) return undefined
  const { workflow_id: workflowId, origin, status } = row
  return { workflowId, origin, status: status as DeliveryStatus }
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

async function readDeliveries(
  db: Db,
  accountId: number,
  eventId: string,
): Promise<DeliveryDetail[]> {
  const rows = await db
    .selectFrom('delivery as d')
    .innerJoin('delivery_request as r', (join) =>
      join
        .onRef('r.account_id', '=', 'd.account_id')
        .onRef('r.event_id', '=', 'd.event_id')
        .onRef('r.step', '=', 'd.step')
        .onRef('r.call_index', '=', 'd.call_index'),
    )
    .select(sendColumns.map((column) => `r.${column}` as const))
    .select(['r.body_size', 'd.status', 'd.code', 'd.due_at'])
    .where('d.account_id', '=', accountId)
    .where('d.event_id', '=', eventId)
    .orderBy('d.step')
    .orderBy('d.call_index')
    .execute()
  const attempts = await readAttempts(db, accountId, eventId)
  return rows.map((row) => ({
    id: deliveryId(eventId, row.step, row.call_index),
    send: sendOf(row),
    sealed: row.body_size === null ? null : { bodySize: row.body_size },
    status: row.status as DeliveryStatus,
    code: row.code as FailureCode | null,
    dueAt: row.due_at,
    attempts: attempts.get(`${row.step} ${row.call_index}`) ?? [],
  }))
}

async function readAttempts(
  db: Db,
  accountId: number,
  eventId: string,
): Promise<Map<string, Attempt[]>> {
  const rows = await db
    .selectFrom('attempt')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('event_id', '=', eventId)
    .orderBy('step')
    .orderBy('call_index')
    .orderBy('number')
    .execute()
  return Map.groupBy(rows, (row) => `${row.step} ${row.call_index}`)
    .entries()
    .reduce((all, [key, group]) => all.set(key, group.map(attemptOf)), new Map<string, Attempt[]>())
}

function attemptOf(row: Tables['attempt']): Attempt {
  const response = parsed(row.response) as Omit<CapturedResponse, 'body'> | null
  return {
    number: row.number,
    startedAt: row.started_at,
    outcome: row.outcome as Attempt['outcome'],
    code: row.code as FailureCode | null,
    remoteAddress: row.remote_address,
    timings: parsed(row.timings) as Attempt['timings'],
    request: parsed(row.request) as Attempt['request'],
    response: response && { ...response, body: row.response_body! },
    error: parsed(row.error) as Attempt['error'],
  }
}

function parsed(json: string | null): unknown {
  return json === null ? null : JSON.parse(json)
}
