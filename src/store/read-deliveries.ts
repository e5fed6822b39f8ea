/**
 * The list of deliveries over all workflows, newest event first, the same in every dialect.
 *
 * As with events, a call looks at a bounded number of rows: what an index cannot choose is chosen among
 * what a chunk brought, so a filter that nothing meets costs one bounded call and a cursor to go on
 * with. Chunks come along one of three ways: all deliveries by their key, those in one of the states
 * that need somebody by an index of their own, or those of one workflow by its events.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import type { Attempt, CapturedResponse, DeliveryStatus, FailureCode } from '../model/delivery.ts'
import { deliveryId, idAt, parseDeliveryId, timeOfId } from '../model/ids.ts'
import type { DeliveryKey } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import { redactUrl } from '../model/redact.ts'
import { createMask, maskNothing } from '../model/redact-values.ts'
import type { DeliveryFilter, DeliveryRow, Page } from './inspect.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>
type Deps = { readonly db: Db; readonly clock: Clock }
type Row = Awaited<ReturnType<typeof readRows>>[number]
type Chunk = { readonly rows: readonly Row[]; readonly next: Position | null }
type Position = DeliveryKey & { readonly receivedAt: number }

const CHUNK = 500
const IN_NEED: ReadonlySet<DeliveryStatus | undefined> = new Set([
  'failed',
  'blocked',
  'canceled',
  'held',
])

export async function listDeliveries(
  { db, clock }: Deps,
  accountId: number,
  filter: DeliveryFilter,
  limit: number,
  cursor: string | null,
): Promise<Page<DeliveryRow>> {
  const endsAtMs = clock.monotonicMs() + limits.searchMs
  const size = isPicky(filter) ? CHUNK : limit + 1
  const meets = matcherOf(filter)
  const found: Row[] = []
  let position = cursor === null ? null : await readCursor(db, accountId, cursor)
  for (let scanned = 0; ;) {
    const { rows, next } = await readChunk(db, accountId, filter, position, size)
    for (const row of rows) {
      if (meets(row) && found.push(row) > limit) {
        return page(db, accountId, found.slice(0, limit), positionOf(found[limit - 1]!))
      }
    }
    scanned += size
    const isOver = scanned >= limits.searchEvents || clock.monotonicMs() > endsAtMs
    if (!next || isOver) return page(db, accountId, found, next)
    position = next
    await nextTurn()
  }
}

/** Whether a chunk brings rows that the filter does not want. */
function isPicky({ workflowId, status, code, origin, q }: DeliveryFilter): boolean {
  if (code !== undefined || origin !== undefined || q !== undefined) return true
  return IN_NEED.has(status) ? workflowId !== undefined : status !== undefined
}

/** What a chunk's way did not see to. */
function matcherOf({ workflowId, status, code, origin, q, hidden = [] }: DeliveryFilter) {
  const wanted = q?.toLowerCase()
  const mask = q === undefined ? maskNothing : createMask(hidden)
  return (row: Row): boolean =>
    (workflowId === undefined || row.workflow_id === workflowId) &&
    (status === undefined || row.status === status) &&
    (code === undefined || row.code === code) &&
    (origin === undefined || row.origin === origin) &&
    (wanted === undefined || mask(searched(row)).toLowerCase().includes(wanted))
}

const searched = (row: Row): string =>
  `${row.method} ${shownUrl(row)}\n${row.step_name}\n${row.code ?? ''}`

/** Where a request is sealed, what stands beside is as it may be shown. */
const shownUrl = ({ url, body_size }: Row): string => (body_size === null ? redactUrl(url) : url)

async function readChunk(
  db: Db,
  accountId: number,
  filter: DeliveryFilter,
  position: Position | null,
  size: number,
): Promise<Chunk> {
  if (filter.workflowId !== undefined && !IN_NEED.has(filter.status)) {
    return readOfWorkflow(db, accountId, filter, position, size)
  }
  const rows = await readRows(db, accountId, keysByTime(db, accountId, filter, position, size))
  return { rows, next: rows.length < size ? null : positionOf(rows.at(-1)!) }
}

/**
 * The deliveries of the workflow's next events, as many whole events as make up the size. In steps and
 * not by a join: SQLite would begin that at the deliveries, all of them, and sort.
 */
async function readOfWorkflow(
  db: Db,
  accountId: number,
  filter: DeliveryFilter,
  position: Position | null,
  size: number,
): Promise<Chunk> {
  const events = await nextEvents(db, accountId, filter, position, size)
  const sends = await countSends(db, accountId, events)
  let taken = 0
  let total = 0
  while (taken < events.length && total < size) total += sends.get(events[taken++]!.eventId) ?? 0
  const order = new Map(events.slice(0, taken).map(({ eventId }, i) => [eventId, i]))
  const keys = keysByTime(db, accountId, {}, null, total).where('event_id', 'in', [...order.keys()])
  const rows = total === 0 ? [] : await readRows(db, accountId, keys)
  const isLast = taken === events.length && events.length < size
  return {
    rows: rows
      .filter((row) => !position || isBehind(row, position))
      .sort((a, b) => order.get(a.event_id)! - order.get(b.event_id)!),
    next: isLast ? null : events[taken - 1]!,
  }
}

/** Within the event that the position stands in, what has not been shown. */
const isBehind = (row: Row, { eventId, step, index }: Position): boolean =>
  row.event_id !== eventId || row.step < step || (row.step === step && row.call_index < index)

type Keys = ReturnType<typeof keysByTime>

/** Cross joins, so that SQLite begins at the keys: by itself it would begin at a table, all of it. */
function readRows(db: Db, accountId: number, keys: Keys) {
  return db
    .selectFrom(keys.as('k'))
    .crossJoin('delivery as d')
    .crossJoin('delivery_request as r')
    .crossJoin('event as e')
    .where('d.account_id', '=', accountId)
    .whereRef('d.event_id', '=', 'k.event_id')
    .whereRef('d.step', '=', 'k.step')
    .whereRef('d.call_index', '=', 'k.call_index')
    .where('r.account_id', '=', accountId)
    .whereRef('r.event_id', '=', 'k.event_id')
    .whereRef('r.step', '=', 'k.step')
    .whereRef('r.call_index', '=', 'k.call_index')
    .where('e.account_id', '=', accountId)
    .whereRef('e.id', '=', 'k.event_id')
    .select(['d.event_id', 'd.step', 'd.call_index', 'd.origin', 'd.status', 'd.code', 'd.due_at'])
    .select([
      'd.attempts',
      'r.step_name',
      'r.method',
      'r.url',
      'r.body_size',
      'e.workflow_id',
      'e.received_at',
    ])
    .orderBy('k.event_id', 'desc')
    .orderBy('k.step', 'desc')
    .orderBy('k.call_index', 'desc')
    .execute()
}

/**
 * Keys alone, which the index has: where more is asked for, SQLite takes the table's own order instead and
 * looks for the few in need among all that were delivered.
 */
function keysByTime(
  db: Db,
  accountId: number,
  { status, before, after }: DeliveryFilter,
  position: Position | null,
  size: number,
) {
  let query = db
    .selectFrom('delivery')
    .select(['event_id', 'step', 'call_index'])
    .where('account_id', '=', accountId)
  // The index is partial: its own condition has to stand in the query, to the letter.
  if (IN_NEED.has(status)) query = query.where('status', '=', status!).where(inNeed)
  if (before !== undefined) query = query.where('event_id', '<', idAt('evt', before))
  if (after !== undefined) query = query.where('event_id', '>=', idAt('evt', after))
  if (position) {
    query = query.where((eb) =>
      eb(
        eb.refTuple('event_id', 'step', 'call_index'),
        '<',
        eb.tuple(position.eventId, position.step, position.index),
      ),
    )
  }
  return query
    .orderBy('event_id', 'desc')
    .orderBy('step', 'desc')
    .orderBy('call_index', 'desc')
    .limit(size)
}

const inNeed = sql<boolean>`status in ('failed', 'blocked', 'canceled', 'held')`

/** From the one that the position stands in, whose rest may not have been shown. */
async function nextEvents(
  db: Db,
  accountId: number,
  { workflowId, before, after }: DeliveryFilter,
  position: Position | null,
  size: number,
): Promise<readonly Position[]> {
  let query = db
    .selectFrom('event')
    .select(['received_at', 'id'])
    .where('account_id', '=', accountId)
    .where('workflow_id', '=', workflowId!)
  if (before !== undefined) query = query.where('received_at', '<', before)
  if (after !== undefined) query = query.where('received_at', '>=', after)
  if (position) {
    const { receivedAt, eventId, step, index } = position
    const from = step === 0 && index === 0 ? '<' : '<='
    query = query.where((eb) =>
      eb(eb.refTuple('received_at', 'id'), from, eb.tuple(receivedAt, eventId)),
    )
  }
  const rows = await query
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .limit(size)
    .execute()
  return rows.map(({ id, received_at }) => ({
    eventId: id,
    step: 0,
    index: 0,
    receivedAt: received_at,
  }))
}

async function countSends(
  db: Db,
  accountId: number,
  events: readonly Position[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('delivery')
    .select(({ fn }) => ['event_id', fn.countAll<number | string>().as('sends')])
    .where('account_id', '=', accountId)
    .where(
      'event_id',
      'in',
      events.map(({ eventId }) => eventId),
    )
    .groupBy('event_id')
    .execute()
  return new Map(rows.map(({ event_id, sends }) => [event_id, Number(sends)]))
}

async function page(
  db: Db,
  accountId: number,
  rows: readonly Row[],
  next: Position | null,
): Promise<Page<DeliveryRow>> {
  const data = await Promise.all(rows.map((row) => deliveryRow(db, accountId, row)))
  return { data, nextCursor: next && deliveryId(next.eventId, next.step, next.index) }
}

async function deliveryRow(db: Db, accountId: number, row: Row): Promise<DeliveryRow> {
  return {
    id: idOf(row),
    eventId: row.event_id,
    workflowId: row.workflow_id,
    step: row.step_name,
    index: row.call_index,
    status: row.status as DeliveryStatus,
    code: row.code as FailureCode | null,
    method: row.method,
    url: shownUrl(row),
    origin: row.origin,
    receivedAt: row.received_at,
    dueAt: row.due_at,
    attempts: row.attempts,
    last: row.attempts === 0 ? null : await readLast(db, accountId, row),
  }
}

/** The last attempt that ended; an answer's body stays where it is. */
async function readLast(db: Db, accountId: number, row: Row): Promise<DeliveryRow['last']> {
  const last = await db
    .selectFrom('attempt')
    .select(['started_at', 'outcome', 'timings', 'response', 'error'])
    .where('account_id', '=', accountId)
    .where('event_id', '=', row.event_id)
    .where('step', '=', row.step)
    .where('call_index', '=', row.call_index)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!last) return null
  const response = parsed(last.response) as Pick<CapturedResponse, 'status'> | null
  const timings = parsed(last.timings) as Attempt['timings']
  const error = parsed(last.error) as Attempt['error']
  return {
    startedAt: last.started_at,
    outcome: last.outcome as Attempt['outcome'],
    status: response?.status ?? null,
    totalMs: timings?.totalMs ?? null,
    error: error?.message ?? null,
  }
}

const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json))

const idOf = ({ event_id, step, call_index }: Row): string => deliveryId(event_id, step, call_index)
const positionOf = (row: Row): Position => ({
  eventId: row.event_id,
  step: row.step,
  index: row.call_index,
  receivedAt: row.received_at,
})

/** A cursor is the id of the last delivery shown; where its event is gone meanwhile, its id has the time. */
async function readCursor(db: Db, accountId: number, cursor: string): Promise<Position> {
  const key = parseDeliveryId(cursor)
  if (!key) throw new AppError('invalid_request', { reason: 'the cursor is not one of ours' })
  const row = await db
    .selectFrom('event')
    .select('received_at')
    .where('account_id', '=', accountId)
    .where('id', '=', key.eventId)
    .executeTakeFirst()
  return { ...key, receivedAt: row?.received_at ?? timeOfId(key.eventId) }
}
