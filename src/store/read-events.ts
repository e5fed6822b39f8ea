/**
 * The list of a workflow's events, the same in every dialect.
 *
 * It is read newest first in chunks, and a call looks at a bounded number of events: filters and search
 * are applied to what a chunk brought, so a filter that nothing meets costs one bounded call and a
 * cursor to go on with, never a walk through years. Between groups of requests other reads get a turn.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import type { DeliveryStatus } from '../model/delivery.ts'
import type { EventError, RawRequest } from '../model/event.ts'
import { limits } from '../model/limits.ts'
import type { RunStatus } from '../model/run.ts'
import type { Dest, EventFilter, EventRow, Page } from './inspect.ts'
import { requestColumns, requestOf } from './read-request.ts'
import { searchFor } from './search-event.ts'
import type { Tables } from './tables.ts'

type Deps = { readonly db: Kysely<Tables>; readonly clock: Clock }
type Position = { readonly at: number; readonly id: string }
type Chunk = Awaited<ReturnType<typeof readChunk>>
type Row = Chunk[number]

const CHUNK_EVENTS = 500
const GROUP_EVENTS = 64
const GROUP_BYTES = 4 * 1024 * 1024
const NO_DEST: Dest = { delivered: 0, total: 0, failed: 0 }

export async function listEvents(
  deps: Deps,
  accountId: number,
  workflowId: string,
  filter: EventFilter,
  limit: number,
  cursor: string | null,
): Promise<Page<EventRow>> {
  const { db, clock } = deps
  const endsAtMs = clock.monotonicMs() + limits.searchMs
  const isSearch = isFiltered(filter)
  const size = isSearch ? CHUNK_EVENTS : limit + 1
  const matches = searchOf(filter)
  const found: Row[] = []
  let position = cursor === null ? null : readCursor(cursor)
  for (let scanned = 0; ;) {
    const chunk = await readChunk(db, accountId, workflowId, filter, position, size)
    for await (const row of matching(db, accountId, chunk, filter, matches)) {
      if (found.push(row) > limit)
        return page(db, accountId, found.slice(0, limit), found[limit - 1]!)
      if (isSearch && clock.monotonicMs() > endsAtMs) return page(db, accountId, found, row)
    }
    const last = chunk.at(-1)
    if (!last || chunk.length < size) return page(db, accountId, found, null)
    scanned += chunk.length
    position = positionOf(last)
    const isOver = scanned >= limits.searchEvents || clock.monotonicMs() > endsAtMs
    if (isOver) return page(db, accountId, found, last)
  }
}

const isFiltered = ({ q, status, delivery, version }: EventFilter): boolean =>
  Boolean(q ?? status ?? delivery ?? version)

const searchOf = ({ q, hidden }: EventFilter) => (q ? searchFor(q, hidden) : undefined)

/** Looks at `limits.countedEvents`, and for `limits.countMs`, at most. */
export async function countMatching(
  { db, clock }: Deps,
  accountId: number,
  workflowId: string,
  filter: EventFilter,
): Promise<{ count: number; isExact: boolean }> {
  if (!isFiltered(filter)) return countAll(db, accountId, workflowId, filter)
  const endsAtMs = clock.monotonicMs() + limits.countMs
  const matches = searchOf(filter)
  let count = 0
  let position: Position | null = null
  for (let scanned = 0; scanned < limits.countedEvents; scanned += CHUNK_EVENTS) {
    const chunk: Chunk = await readChunk(db, accountId, workflowId, filter, position, CHUNK_EVENTS)
    for await (const _ of matching(db, accountId, chunk, filter, matches)) {
      count++
      if (clock.monotonicMs() > endsAtMs) return { count, isExact: false }
    }
    if (chunk.length < CHUNK_EVENTS) return { count, isExact: true }
    if (clock.monotonicMs() > endsAtMs) break
    position = positionOf(chunk.at(-1)!)
    await nextTurn()
  }
  return { count, isExact: false }
}

/** Along the index of a workflow's events, whose rows are not looked at. */
async function countAll(
  db: Kysely<Tables>,
  accountId: number,
  workflowId: string,
  { before, after }: EventFilter,
): Promise<{ count: number; isExact: boolean }> {
  let ids = db
    .selectFrom('event')
    .select('id')
    .where('account_id', '=', accountId)
    .where('workflow_id', '=', workflowId)
    .limit(limits.countedEvents + 1)
  if (before !== undefined) ids = ids.where('received_at', '<', before)
  if (after !== undefined) ids = ids.where('received_at', '>=', after)
  const { found } = await db
    .selectFrom(ids.as('e'))
    .select(({ fn }) => fn.countAll<number | string>().as('found'))
    .executeTakeFirstOrThrow()
  const count = Math.min(Number(found), limits.countedEvents)
  return { count, isExact: Number(found) === count }
}

function readChunk(
  db: Kysely<Tables>,
  accountId: number,
  workflowId: string,
  { before, after }: EventFilter,
  position: Position | null,
  size: number,
) {
  let query = db
    .selectFrom('event as e')
    .leftJoin('run as r', (join) =>
      join.onRef('r.account_id', '=', 'e.account_id').onRef('r.event_id', '=', 'e.id'),
    )
    .leftJoin('event_queue as q', (join) =>
      join.onRef('q.account_id', '=', 'e.account_id').onRef('q.event_id', '=', 'e.id'),
    )
    .select([
      'e.id',
      'e.received_at',
      'e.method',
      'e.path',
      'e.version',
      'e.error',
      'e.replay_of',
      'r.status',
      'r.duration_ms',
      'r.message',
      'q.leased_by',
      sql<number>`length(e.body)`.as('body_bytes'),
    ])
    .where('e.account_id', '=', accountId)
    .where('e.workflow_id', '=', workflowId)
  if (before !== undefined) query = query.where('e.received_at', '<', before)
  if (after !== undefined) query = query.where('e.received_at', '>=', after)
  if (position) {
    query = query.where((eb) =>
      eb(eb.refTuple('e.received_at', 'e.id'), '<', eb.tuple(position.at, position.id)),
    )
  }
  return query.orderBy('e.received_at', 'desc').orderBy('e.id', 'desc').limit(size).execute()
}

async function* matching(
  db: Kysely<Tables>,
  accountId: number,
  chunk: Chunk,
  filter: EventFilter,
  matches: ((request: RawRequest) => boolean) | undefined,
): AsyncGenerator<Row> {
  const inState = filter.delivery && (await withDelivery(db, accountId, chunk, filter.delivery))
  const rows = chunk.filter(
    (row) =>
      (filter.version === undefined || row.version === filter.version) &&
      (filter.status === undefined || statusOf(row) === filter.status) &&
      (!inState || inState.has(row.id)),
  )
  if (!matches) {
    yield* rows
    return
  }
  for (const group of groups(rows)) {
    const requests = await readRequests(db, accountId, group)
    for (const row of group) if (matches(requests.get(row.id)!)) yield row
    await nextTurn()
  }
}

async function withDelivery(
  db: Kysely<Tables>,
  accountId: number,
  chunk: Chunk,
  status: DeliveryStatus,
): Promise<Set<string>> {
  const rows = await db
    .selectFrom('delivery')
    .select('event_id')
    .distinct()
    .where('account_id', '=', accountId)
    .where('event_id', 'in', ids(chunk))
    .where('status', '=', status)
    .execute()
  return new Set(rows.map((row) => row.event_id))
}

/** Splits rows so that the requests of a group fit memory, however large bodies are. */
function groups(rows: readonly Row[]): Row[][] {
  const all: Row[][] = []
  let bytes = Infinity
  for (const row of rows) {
    const isFull = bytes + row.body_bytes > GROUP_BYTES || all.at(-1)!.length === GROUP_EVENTS
    if (isFull) {
      all.push([])
      bytes = 0
    }
    all.at(-1)!.push(row)
    bytes += row.body_bytes
  }
  return all
}

async function readRequests(
  db: Kysely<Tables>,
  accountId: number,
  group: readonly Row[],
): Promise<Map<string, RawRequest>> {
  const rows = await db
    .selectFrom('event')
    .select(['id', ...requestColumns])
    .where('account_id', '=', accountId)
    .where('id', 'in', ids(group))
    .execute()
  return new Map(rows.map((row) => [row.id, requestOf(row)]))
}

async function page(
  db: Kysely<Tables>,
  accountId: number,
  rows: readonly Row[],
  next: Row | null,
): Promise<Page<EventRow>> {
  const dests = await readDests(db, accountId, ids(rows))
  const data = rows.map((row) => ({
    id: row.id,
    receivedAt: row.received_at,
    method: row.method,
    path: row.path,
    status: statusOf(row),
    version: row.version,
    durationMs: row.duration_ms,
    message: row.message,
    // Sends appear with their run, also to a page that was being read while it ended.
    dest: (row.status !== null && dests.get(row.id)) || NO_DEST,
    replayOf: row.replay_of,
    error: row.error === null ? null : (JSON.parse(row.error) as EventError),
  }))
  return { data, nextCursor: next && writeCursor(positionOf(next)) }
}

/** Counted from the deliveries themselves, so it cannot drift from what they show. */
async function readDests(
  db: Kysely<Tables>,
  accountId: number,
  eventIds: readonly string[],
): Promise<Map<string, Dest>> {
  const rows = await db
    .selectFrom('delivery')
    .select(({ fn }) => [
      'event_id',
      fn.countAll<number | string>().as('total'),
      sql<number | string>`sum(case when status = 'delivered' then 1 else 0 end)`.as('delivered'),
      sql<
        number | string
      >`sum(case when status in ('failed', 'blocked', 'canceled') then 1 else 0 end)`.as('failed'),
    ])
    .where('account_id', '=', accountId)
    .where('event_id', 'in', eventIds)
    .groupBy('event_id')
    .execute()
  return new Map(
    rows.map(({ event_id, total, delivered, failed }) => [
      event_id,
      { delivered: Number(delivered), total: Number(total), failed: Number(failed) },
    ]),
  )
}

/** An event that was refused has no run; one without a run yet is running where a node holds it. */
export function statusOf(row: {
  error: string | null
  status: string | null
  leased_by: string | null
}): RunStatus | null {
  if (row.error !== null) return null
  if (row.status !== null) return row.status as RunStatus
  return row.leased_by === null ? 'queued' : 'running'
}

const ids = (rows: readonly Row[]): readonly string[] => rows.map((row) => row.id)
const positionOf = (row: Row): Position => ({ at: row.received_at, id: row.id })
const writeCursor = ({ at, id }: Position): string => `${at.toString(36)}.${id}`

function readCursor(cursor: string): Position {
  const match = /^([0-9a-z]{1,10})\.([\w-]{1,64})$/.exec(cursor)
  if (!match) throw new AppError('invalid_request', { reason: 'the cursor is not one of ours' })
  return { at: Number.parseInt(match[1]!, 36), id: match[2]! }
}
