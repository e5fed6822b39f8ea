/**
 * Deletes events that are older than they are to be kept, with their runs, deliveries and attempts, the same
 * in every dialect; none that something still waits for.
 *
 * Everything that is written waits while a batch is deleted, so a batch is bounded by its rows: a run may have
 * sent 1,000 requests, each tried 50 times. An event with more than a batch takes goes in pieces, its deliveries
 * in order and itself last.
 */
import type { ExpressionBuilder, Kysely } from 'kysely'
import { idAt } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { Expired, ExpiryPosition } from './store.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>
type Delivery = Pick<Tables['delivery'], 'step' | 'call_index' | 'attempts' | 'status'>

/** What hangs on a delivery, itself last; then what hangs on an event. */
const OF_DELIVERY = ['attempt', 'delivery_request', 'delivery'] as const
const OF_EVENT = ['run_late', 'run', ...OF_DELIVERY] as const

const OPEN: ReadonlySet<string> = new Set(['pending', 'sending', 'held'])

export async function expireEvents(
  db: Db,
  _at: number,
  before: number,
  from: ExpiryPosition,
  count: number,
): Promise<Expired> {
  const { accountId } = from
  const old = await readOld(db, from, before, count)
  const { isWaiting, deliveriesOf } = await lookAt(db, accountId, old)
  const going: string[] = []
  let rows = 0
  let next = from
  for (const id of old) {
    const deliveries = deliveriesOf(id)
    rows += deliveries ? rowsOf(deliveries) : Number.POSITIVE_INFINITY
    if (rows > limits.expiryRows) {
      // What is too much for any batch goes in pieces, when its turn comes.
      if (next === from) return expirePiece(db, from, id)
      break
    }
    if (!isWaiting(id)) going.push(id)
    next = { accountId, id }
  }
  await deleteEvents(db, accountId, going)
  const isEnd = old.length < count && next.id === (old.at(-1) ?? from.id)
  return { deleted: going.length, next: isEnd ? await nextAccount(db, accountId) : next }
}

async function readOld(
  db: Db,
  { accountId, id }: ExpiryPosition,
  before: number,
  count: number,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('event')
    .select('id')
    .where('account_id', '=', accountId)
    .where('id', '>', id)
    .where('id', '<', idAt('evt', before))
    .orderBy('id')
    .limit(count)
    .execute()
  return rows.map((row) => row.id)
}

type Looked = {
  /** Whether it has no run yet, or one of its deliveries that were seen is on its way or held. */
  readonly isWaiting: (id: string) => boolean
  /** Undefined where not all of them were seen. */
  readonly deliveriesOf: (id: string) => readonly Delivery[] | undefined
}

/** Looks at their deliveries, at no more than a batch may take. */
async function lookAt(db: Db, accountId: number, ids: readonly string[]): Promise<Looked> {
  if (ids.length === 0) return { isWaiting: () => false, deliveriesOf: () => [] }
  const queued = await db
    .selectFrom('event_queue')
    .select('event_id')
    .where('account_id', '=', accountId)
    .where('event_id', 'in', ids)
    .execute()
  const seen = await db
    .selectFrom('delivery')
    .select(['event_id', 'step', 'call_index', 'attempts', 'status'])
    .where('account_id', '=', accountId)
    .where('event_id', '>=', ids[0]!)
    .where('event_id', '<=', ids.at(-1)!)
    .orderBy('event_id')
    .orderBy('step')
    .orderBy('call_index')
    .limit(limits.expiryRows)
    .execute()
  const unseenFrom = seen.length === limits.expiryRows ? seen.at(-1)!.event_id : null
  const waiting = new Set([...queued, ...seen.filter(isOpen)].map(({ event_id }) => event_id))
  const byEvent = Map.groupBy(seen, ({ event_id }) => event_id)
  return {
    isWaiting: (id) => waiting.has(id),
    deliveriesOf: (id) =>
      unseenFrom !== null && id >= unseenFrom ? undefined : (byEvent.get(id) ?? []),
  }
}

/** Deletes the first deliveries of an event, unless it waits for something: then it is passed over. */
async function expirePiece(db: Db, from: ExpiryPosition, eventId: string): Promise<Expired> {
  const { accountId } = from
  const deliveries = await db
    .selectFrom('delivery')
    .select(['step', 'call_index', 'attempts', 'status'])
    .where('account_id', '=', accountId)
    .where('event_id', '=', eventId)
    .orderBy('step')
    .orderBy('call_index')
    .execute()
  if (deliveries.some(isOpen)) return { deleted: 0, next: { accountId, id: eventId } }
  let rows = 0
  const end = deliveries.findIndex((one) => (rows += rowsOf([one])) > limits.expiryRows)
  const last = deliveries[Math.max(0, end - 1)]!
  for (const table of OF_DELIVERY) {
    await db
      .deleteFrom(table)
      .where('account_id', '=', accountId)
      .where('event_id', '=', eventId)
      .where((eb) => isUpTo(eb, last))
      .execute()
  }
  return { deleted: 0, next: from }
}

const isOpen = ({ status }: Pick<Delivery, 'status'>): boolean => OPEN.has(status)

/** Itself, its request and its attempts. */
const rowsOf = (deliveries: readonly Pick<Delivery, 'attempts'>[]): number =>
  deliveries.reduce((rows, { attempts }) => rows + attempts + 2, 0)

const isUpTo = (
  eb: ExpressionBuilder<Tables, (typeof OF_DELIVERY)[number]>,
  { step, call_index: index }: Delivery,
) => eb.or([eb('step', '<', step), eb.and([eb('step', '=', step), eb('call_index', '<=', index)])])

async function deleteEvents(db: Db, accountId: number, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  for (const table of OF_EVENT) {
    await db
      .deleteFrom(table)
      .where('account_id', '=', accountId)
      .where('event_id', 'in', ids)
      .execute()
  }
  await db.deleteFrom('event').where('account_id', '=', accountId).where('id', 'in', ids).execute()
}

async function nextAccount(db: Db, accountId: number): Promise<ExpiryPosition | null> {
  const row = await db
    .selectFrom('account')
    .select('id')
    .where('id', '>', accountId)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return row ? { accountId: row.id, id: '' } : null
}
