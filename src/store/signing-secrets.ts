/**
 * The secrets that a workflow's requests are signed with: at most two, the current one and the one it
 * replaced. Only sealed values come here. The same in every dialect.
 */
import type { Kysely } from 'kysely'
import type { SealedSigningSecret } from '../model/signing.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>

export async function keepSigningSecret(
  db: Db,
  at: number,
  accountId: number,
  workflowId: string,
  sealed: string,
): Promise<void> {
  const [kept] = await listSigningSecrets(db, accountId, workflowId)
  if (!kept) await insert(db, at, accountId, workflowId, sealed)
}

export async function rotateSigningSecret(
  db: Db,
  at: number,
  accountId: number,
  workflowId: string,
  sealed: string,
  lapsesAt: number,
): Promise<void> {
  await dropReplacedSigningSecret(db, at, accountId, workflowId)
  await db
    .updateTable('signing_secret')
    .set({ lapses_at: lapsesAt })
    .where('account_id', '=', accountId)
    .where('workflow_id', '=', workflowId)
    .execute()
  await insert(db, at, accountId, workflowId, sealed)
}

export async function dropReplacedSigningSecret(
  db: Db,
  _at: number,
  accountId: number,
  workflowId: string,
): Promise<void> {
  await db
    .deleteFrom('signing_secret')
    .where('account_id', '=', accountId)
    .where('workflow_id', '=', workflowId)
    .where('lapses_at', 'is not', null)
    .execute()
}

export async function listSigningSecrets(
  db: Db,
  accountId: number,
  workflowId: string,
): Promise<readonly SealedSigningSecret[]> {
  const rows = await db
    .selectFrom('signing_secret')
    .select(['sealed', 'created_at', 'lapses_at'])
    .where('account_id', '=', accountId)
    .where('workflow_id', '=', workflowId)
    .orderBy('id', 'desc')
    .execute()
  return rows.map(({ sealed, created_at, lapses_at }) => ({
    sealed,
    createdAt: created_at,
    lapsesAt: lapses_at,
  }))
}

async function insert(
  db: Db,
  at: number,
  accountId: number,
  workflowId: string,
  sealed: string,
): Promise<void> {
  await db
    .insertInto('signing_secret')
    .values({ account_id: accountId, workflow_id: workflowId, sealed, created_at: at })
    .execute()
}
