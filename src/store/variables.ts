/**
 * An account's variables and the mark of the key they are sealed with: rare writes and their reads, the
 * same in every dialect. Only sealed values come here.
 */
import type { Kysely } from 'kysely'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import type { SealedVariable } from '../model/variable.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>

export async function putVariable(
  db: Db,
  at: number,
  accountId: number,
  name: string,
  sealed: string,
): Promise<void> {
  await retire(db, accountId, name)
  const standing = await db
    .selectFrom('variable')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('account_id', '=', accountId)
    .where('retired', '=', 0)
    .executeTakeFirstOrThrow()
  if (Number(standing.count) >= limits.variables) {
    const reason = `there are ${limits.variables} already, delete one first`
    throw new AppError('conflict', { action: `set variable ${name}`, reason })
  }
  await db
    .insertInto('variable')
    .values({ account_id: accountId, name, sealed, updated_at: at })
    .execute()
}

export async function deleteVariable(
  db: Db,
  _at: number,
  accountId: number,
  name: string,
): Promise<boolean> {
  return retire(db, accountId, name)
}

/** Keeps `proposed` as the mark of the secret key, unless one is kept; gives back the one that is. */
export async function markSecretKey(db: Db, _at: number, proposed: string): Promise<string> {
  const kept = await readSecretKeyMark(db)
  if (kept !== null) return kept
  await db.insertInto('secret_key').values({ id: 1, mark: proposed }).execute()
  return proposed
}

export async function readSecretKeyMark(db: Db): Promise<string | null> {
  const row = await db.selectFrom('secret_key').select('mark').executeTakeFirst()
  return row?.mark ?? null
}

/** By name; retired ones behind, newest first. */
export async function listVariables(db: Db, accountId: number): Promise<readonly SealedVariable[]> {
  const all = db
    .selectFrom('variable')
    .select(['name', 'sealed', 'updated_at', 'retired'])
    .where('account_id', '=', accountId)
  const rows = [
    ...(await all.where('retired', '=', 0).orderBy('name').execute()),
    ...(await all.where('retired', '=', 1).orderBy('id', 'desc').execute()),
  ]
  return rows.map(({ name, sealed, updated_at, retired }) => ({
    name,
    sealed,
    updatedAt: updated_at,
    retired: retired === 1,
  }))
}

/** Whether there was one to retire. The oldest retired ones go when there are too many. */
async function retire(db: Db, accountId: number, name: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('variable')
    .set({ retired: 1 })
    .where('account_id', '=', accountId)
    .where('name', '=', name)
    .where('retired', '=', 0)
    .executeTakeFirst()
  const oldest = await db
    .selectFrom('variable')
    .select('id')
    .where('account_id', '=', accountId)
    .where('retired', '=', 1)
    .orderBy('id', 'desc')
    .offset(limits.variablesRetired)
    .limit(1)
    .executeTakeFirst()
  if (oldest) {
    await db
      .deleteFrom('variable')
      .where('account_id', '=', accountId)
      .where('retired', '=', 1)
      .where('id', '<=', oldest.id)
      .execute()
  }
  return numUpdatedRows > 0n
}
