/**
 * Deletes events that are older than they are to be kept, the same in every dialect: each whole, with its
 * run, its deliveries and their attempts, in one transaction, and none that something still waits for.
 */
import type { Kysely } from 'kysely'
import { idAt } from '../model/ids.ts'
import type { Expired, ExpiryPosition } from './store.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>

/** What hangs on an event, the event itself last. */
const TABLES = ['run_late', 'run', 'attempt', 'delivery_request', 'delivery'] as const

export async function expireEvents(
  db: Db,
  _at: number,
  before: number,
  from: ExpiryPosition,
  count: number,
): Promise<Expired> {
  const old = await db
    .selectFrom('event')
    .select('id')
    .where('account_id', '=', from.accountId)
    .where('id', '>', from.id)
    .where('id', '<', idAt('evt', before))
    .orderBy('id')
    .limit(count)
    .execute()
  const ids = await without(
    db,
    from.accountId,
    old.map(({ id }) => id),
  )
  if (ids.length > 0) await deleteEvents(db, from.accountId, ids)
  const last = old.at(-1)
  if (last && old.length === count) {
    return { deleted: ids.length, next: { accountId: from.accountId, id: last.id } }
  }
  return { deleted: ids.length, next: await nextAccount(db, from.accountId) }
}

/** Those that have no run yet stay, and those with a delivery on its way or held. */
async function without(
  db: Db,
  accountId: number,
  ids: readonly string[],
): Promise<readonly string[]> {
  if (ids.length === 0) return []
  const queued = await db
    .selectFrom('event_queue')
    .select('event_id')
    .where('account_id', '=', accountId)
    .where('event_id', 'in', ids)
    .execute()
  const open = await db
    .selectFrom('delivery')
    .select('event_id')
    .where('account_id', '=', accountId)
    .where('event_id', 'in', ids)
    .where('status', 'in', ['pending', 'sending', 'held'])
    .execute()
  const kept = new Set([...queued, ...open].map(({ event_id }) => event_id))
  return ids.filter((id) => !kept.has(id))
}

async function deleteEvents(db: Db, accountId: number, ids: readonly string[]): Promise<void> {
  for (const table of TABLES) {
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
