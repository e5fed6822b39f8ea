/** Deliveries in full, those of an event or one, with as many of their attempts as an answer carries. */
import type { Kysely } from 'kysely'
import type { DeliveryStatus, FailureCode } from '../model/delivery.ts'
import { type DeliveryKey, deliveryId } from '../model/ids.ts'
import type { DeliveryDetail } from './inspect.ts'
import { placeOf, readAttempts, readLatestAttempts } from './read-attempts.ts'
import { sendColumns, sendOf } from './read-send.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>
type Attempts = Pick<DeliveryDetail, 'attempts' | 'isAbridged'>

const NONE: Attempts = { attempts: [], isAbridged: false }

/** Of an event, in the order of the calls. */
export async function readDeliveries(
  db: Db,
  accountId: number,
  eventId: string,
): Promise<DeliveryDetail[]> {
  const rows = await deliveriesOf(db, accountId, eventId)
    .orderBy('d.step')
    .orderBy('d.call_index')
    .execute()
  const attempts = await readAttempts(db, accountId, eventId)
  return rows.map((row) => detailOf(eventId, row, attempts.get(placeOf(row)) ?? NONE))
}

/** `before`: only attempts with lower numbers. */
export async function readDelivery(
  db: Db,
  accountId: number,
  key: DeliveryKey,
  before: number | null,
): Promise<DeliveryDetail | undefined> {
  const row = await deliveriesOf(db, accountId, key.eventId)
    .where('d.step', '=', key.step)
    .where('d.call_index', '=', key.index)
    .executeTakeFirst()
  if (!row) return undefined
  const attempts = await readLatestAttempts(db, accountId, key, before)
  return detailOf(key.eventId, row, { attempts, isAbridged: false })
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

function deliveriesOf(db: Db, accountId: number, eventId: string) {
  return db
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
}

type DeliveryRow = Awaited<ReturnType<ReturnType<typeof deliveriesOf>['execute']>>[number]

const detailOf = (eventId: string, row: DeliveryRow, attempts: Attempts): DeliveryDetail => ({
  id: deliveryId(eventId, row.step, row.call_index),
  send: sendOf(row),
  sealed: row.body_size === null ? null : { bodySize: row.body_size },
  status: row.status as DeliveryStatus,
  code: row.code as FailureCode | null,
  dueAt: row.due_at,
  ...attempts,
})
