/**
 * Definitions, tokens and a person's decisions: rare writes, the same in every dialect. Each verb runs
 * in a transaction that its adapter opens; `at` is the caller's clock.
 *
 * Invariant: versions of a workflow count from 1 without gaps and are never changed or removed: events
 * refer to them for ever.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ExpressionBuilder, Kysely } from 'kysely'
import { AppError } from '../errors.ts'
import type { Session, Token } from '../model/account.ts'
import { type DeliveryKey, deliveryId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { Definition, Workflow } from '../model/workflow.ts'
import { readWorkflow } from './read-definitions.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>

export async function createWorkflow(
  db: Db,
  at: number,
  accountId: number,
  id: string,
  key: string,
  definition: Definition,
): Promise<Workflow> {
  const times = { created_at: at, updated_at: at }
  await db
    .insertInto('workflow')
    .values({ account_id: accountId, id, key, version: 1, active: 1, ...times })
    .execute()
  await insertVersion(db, at, accountId, id, 1, definition)
  return foundWorkflow(db, accountId, id)
}

export async function updateWorkflow(
  db: Db,
  at: number,
  accountId: number,
  id: string,
  definition: Definition,
  expectedVersion: number | null = null,
): Promise<Workflow> {
  const current = await foundWorkflow(db, accountId, id)
  if (expectedVersion !== null && expectedVersion !== current.version) {
    const values = { current: current.version, expected: expectedVersion }
    throw new AppError('version_conflict', values)
  }
  const { name, steps, settings, packages = null } = definition
  const now = {
    name: current.name,
    steps: current.steps,
    settings: current.settings,
    packages: current.packages,
  }
  if (isDeepStrictEqual(now, { name, steps, settings, packages })) return current
  const version = current.version + 1
  await insertVersion(db, at, accountId, id, version, definition)
  await db
    .updateTable('workflow')
    .set({ version, updated_at: at })
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .execute()
  return foundWorkflow(db, accountId, id)
}

export async function setWorkflowActive(
  db: Db,
  at: number,
  accountId: number,
  id: string,
  active: boolean,
): Promise<Workflow> {
  await db
    .updateTable('workflow')
    .set({ active: active ? 1 : 0, updated_at: at })
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .execute()
  return foundWorkflow(db, accountId, id)
}

/** Its versions stay, because events that were accepted still run on them and are shown with them. */
export async function deleteWorkflow(
  db: Db,
  _at: number,
  accountId: number,
  id: string,
): Promise<void> {
  await foundWorkflow(db, accountId, id)
  await db.deleteFrom('workflow').where('account_id', '=', accountId).where('id', '=', id).execute()
}

/** Keeps the lock of a package set, or notes that it was asked for again. */
export async function keepPackageSet(
  db: Db,
  at: number,
  hash: string,
  lock: string,
): Promise<void> {
  await db
    .insertInto('package_set')
    .values({ hash, lock, asked_at: at })
    .onConflict((conflict) => conflict.column('hash').doUpdateSet({ asked_at: at }))
    .execute()
}

/** Drops the locks that no version needs any more and nobody asked for since `before`. */
export async function dropPackageSets(db: Db, _at: number, before: number): Promise<void> {
  await db
    .deleteFrom('package_set')
    .where('asked_at', '<', before)
    .where('hash', 'not in', (eb) => namedPackageSets(eb))
    .execute()
}

/** Those of versions that can still run: of a workflow that is there, or has events that wait. */
function namedPackageSets(eb: ExpressionBuilder<Tables, 'package_set'>) {
  return eb
    .selectFrom('workflow_version as v')
    .select('v.package_set')
    .where('v.package_set', 'is not', null)
    .where((inner) =>
      inner.or([
        inner.exists(
          inner
            .selectFrom('workflow as w')
            .select('w.id')
            .whereRef('w.account_id', '=', 'v.account_id')
            .whereRef('w.id', '=', 'v.workflow_id'),
        ),
        inner.exists(
          inner
            .selectFrom('event_queue as q')
            .select('q.event_id')
            .whereRef('q.account_id', '=', 'v.account_id')
            .whereRef('q.workflow_id', '=', 'v.workflow_id'),
        ),
      ]),
    )
}

export async function createToken(db: Db, _at: number, token: Token, hash: string): Promise<void> {
  await db
    .insertInto('token')
    .values({
      account_id: token.accountId,
      id: token.id,
      hash,
      name: token.name,
      scopes: JSON.stringify(token.scopes),
      last4: token.last4,
      created_at: token.createdAt,
      last_used_at: token.lastUsedAt,
      expires_at: token.expiresAt,
    })
    .execute()
}

export async function deleteToken(
  db: Db,
  _at: number,
  accountId: number,
  id: string,
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('token')
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Notes that a token was used, for the list of tokens. */
export async function noteTokenUse(
  db: Db,
  at: number,
  accountId: number,
  id: string,
): Promise<void> {
  await db
    .updateTable('token')
    .set({ last_used_at: at })
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .execute()
}

export async function createSession(
  db: Db,
  at: number,
  session: Session,
  hash: string,
): Promise<void> {
  await db
    .deleteFrom('session')
    .where((eb) =>
      eb.or([
        eb('created_at', '<', at - limits.sessionMs),
        eb('last_seen_at', '<', at - limits.sessionIdleMs),
      ]),
    )
    .execute()
  await db
    .insertInto('session')
    .values({
      hash,
      account_id: session.accountId,
      token_hash: session.tokenHash,
      created_at: session.createdAt,
      last_seen_at: session.lastSeenAt,
    })
    .execute()
}

/** Notes that a session is in use, so that it does not end for want of it. */
export async function noteSessionUse(db: Db, at: number, hash: string): Promise<void> {
  await db.updateTable('session').set({ last_seen_at: at }).where('hash', '=', hash).execute()
}

export async function deleteSession(db: Db, _at: number, hash: string): Promise<void> {
  await db.deleteFrom('session').where('hash', '=', hash).execute()
}

/** One that waits for a retry is brought forward. */
export async function redeliver(
  db: Db,
  at: number,
  accountId: number,
  key: DeliveryKey,
): Promise<void> {
  const { status, isPaused } = await foundStatus(db, accountId, key)
  if (status === 'sending') refuse('redeliver', 'an attempt is under way')
  if (isPaused) refuse('redeliver', 'its destination is paused, resume it first')
  await change(db, accountId, key, { status: 'pending', code: null, due_at: at })
}

export async function cancel(
  db: Db,
  _at: number,
  accountId: number,
  key: DeliveryKey,
): Promise<void> {
  const { status } = await foundStatus(db, accountId, key)
  if (status === 'sending') refuse('cancel', 'an attempt is under way')
  if (status !== 'pending' && status !== 'held') refuse('cancel', `it is ${status} already`)
  await change(db, accountId, key, { status: 'canceled', due_at: null })
}

async function insertVersion(
  db: Db,
  at: number,
  accountId: number,
  workflowId: string,
  version: number,
  { name, steps, settings, packages = null }: Definition,
): Promise<void> {
  await db
    .insertInto('workflow_version')
    .values({
      account_id: accountId,
      workflow_id: workflowId,
      version,
      name,
      steps: JSON.stringify(steps),
      settings: JSON.stringify(settings),
      package_set: packages && packages.hash,
      package_versions: packages && JSON.stringify(packages.versions),
      created_at: at,
    })
    .execute()
}

async function foundWorkflow(db: Db, accountId: number, id: string): Promise<Workflow> {
  const workflow = await readWorkflow(db, accountId, id)
  if (!workflow) throw new AppError('not_found', { noun: 'workflow', id })
  return workflow
}

async function foundStatus(
  db: Db,
  accountId: number,
  key: DeliveryKey,
): Promise<{ readonly status: string; readonly isPaused: boolean }> {
  const row = await db
    .selectFrom('delivery as d')
    .leftJoin('destination as t', (join) =>
      join.onRef('t.account_id', '=', 'd.account_id').onRef('t.origin', '=', 'd.origin'),
    )
    .select(['d.status', 't.state'])
    .where('d.account_id', '=', accountId)
    .where('d.event_id', '=', key.eventId)
    .where('d.step', '=', key.step)
    .where('d.call_index', '=', key.index)
    .executeTakeFirst()
  if (row) return { status: row.status, isPaused: row.state === 'paused' }
  const id = deliveryId(key.eventId, key.step, key.index)
  throw new AppError('not_found', { noun: 'delivery', id })
}

async function change(
  db: Db,
  accountId: number,
  key: DeliveryKey,
  values: { status: string; code?: string | null; due_at: number | null },
): Promise<void> {
  await db
    .updateTable('delivery')
    .set({ ...values, resume_at: null })
    .where('account_id', '=', accountId)
    .where('event_id', '=', key.eventId)
    .where('step', '=', key.step)
    .where('call_index', '=', key.index)
    .execute()
}

function refuse(verb: string, reason: string): never {
  throw new AppError('conflict', { action: `${verb} the delivery`, reason })
}
