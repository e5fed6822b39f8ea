/** Reads of workflows, versions, endpoints and tokens, the same in every dialect. */
import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { AppError } from '../errors.ts'
import type { Principal, Scope, Session, Token } from '../model/account.ts'
import { limits } from '../model/limits.ts'
import type {
  Endpoint,
  PinnedPackages,
  SavedDefinition,
  Step,
  Workflow,
  WorkflowSettings,
  WorkflowVersion,
} from '../model/workflow.ts'
import type { Page } from './inspect.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>

/** A principal, and the last time its token was seen. */
export type FoundPrincipal = Principal & {
  readonly expiresAt: number | null
  readonly lastUsedAt: number | null
}

export async function readWorkflow(
  db: Db,
  accountId: number,
  id: string,
): Promise<Workflow | undefined> {
  const row = await workflows(db, accountId).where('w.id', '=', id).executeTakeFirst()
  return row && workflowOf(row)
}

/** Newest first; as many as fit one answer. */
export async function listWorkflows(
  db: Db,
  accountId: number,
  limit: number,
  cursor: string | null,
): Promise<Page<Workflow>> {
  const all = workflows(db, accountId).orderBy('w.id', 'desc')
  const left = cursor === null ? all : all.where('w.id', '<', cursor)
  const heads = await left
    .clearSelect()
    .select(['w.id', stepBytes('v.steps').as('size')])
    .limit(limit + 1)
    .execute()
  const count = fitting(heads, limit)
  const rows = await left.limit(count).execute()
  return {
    data: rows.map(workflowOf),
    nextCursor: heads.length > count ? heads[count - 1]!.id : null,
  }
}

/** Newest first; as many as fit one answer. */
export async function listVersions(
  db: Db,
  accountId: number,
  workflowId: string,
  limit: number,
  cursor: string | null,
): Promise<Page<WorkflowVersion>> {
  const all = versions(db, accountId, workflowId).orderBy('version', 'desc')
  const left = cursor === null ? all : all.where('version', '<', versionIn(cursor))
  const heads = await left
    .clearSelect()
    .select(['version', stepBytes('steps').as('size')])
    .limit(limit + 1)
    .execute()
  const count = fitting(heads, limit)
  const rows = await left.limit(count).execute()
  return {
    data: rows.map(versionOf),
    nextCursor: heads.length > count ? String(heads[count - 1]!.version) : null,
  }
}

const stepBytes = (column: 'steps' | 'v.steps') => sql<number>`octet_length(${sql.ref(column)})`

/** How many of the first `limit` have steps that fit one answer together; one at least, if there is any. */
function fitting(heads: readonly { readonly size: number }[], limit: number): number {
  let bytes = 0
  const end = heads.findIndex(({ size }, i) => (bytes += size) > limits.answerStepBytes && i > 0)
  return Math.min(end === -1 ? heads.length : end, limit)
}

function versionIn(cursor: string): number {
  if (/^[1-9]\d{0,8}$/.test(cursor)) return Number(cursor)
  throw new AppError('invalid_request', { reason: 'the cursor is not one of ours' })
}

export async function findVersion(
  db: Db,
  accountId: number,
  workflowId: string,
  version: number,
): Promise<WorkflowVersion | undefined> {
  const found = versions(db, accountId, workflowId).where('version', '=', version)
  const row = await found.executeTakeFirst()
  return row && versionOf(row)
}

/** The lock of a package set. */
export async function findPackageSet(db: Db, hash: string): Promise<string | undefined> {
  const found = db.selectFrom('package_set').select('lock').where('hash', '=', hash)
  return (await found.executeTakeFirst())?.lock
}

/** The hashes of all package sets that may still be asked for. */
export async function listPackageSets(db: Db): Promise<readonly string[]> {
  const rows = await db.selectFrom('package_set').select('hash').execute()
  return rows.map(({ hash }) => hash)
}

export async function findEndpoint(db: Db, key: string): Promise<Endpoint | undefined> {
  const row = await db
    .selectFrom('workflow as w')
    .innerJoin('account as a', 'a.id', 'w.account_id')
    .innerJoin('workflow_version as v', (join) =>
      join
        .onRef('v.account_id', '=', 'w.account_id')
        .onRef('v.workflow_id', '=', 'w.id')
        .onRef('v.version', '=', 'w.version'),
    )
    .select([
      'w.account_id',
      'w.id',
      'w.version',
      'w.active',
      'w.suspended',
      'a.suspended as account_suspended',
      'v.settings',
    ])
    .where('w.key', '=', key)
    .executeTakeFirst()
  if (!row) return undefined
  return {
    accountId: row.account_id,
    workflowId: row.id,
    version: row.version,
    active: row.active === 1,
    suspended: row.suspended === 1 || row.account_suspended === 1,
    settings: JSON.parse(row.settings) as WorkflowSettings,
  }
}

export async function findPrincipal(db: Db, hash: string): Promise<FoundPrincipal | undefined> {
  const row = await db
    .selectFrom('token')
    .select(['account_id', 'id', 'scopes', 'expires_at', 'last_used_at'])
    .where('hash', '=', hash)
    .executeTakeFirst()
  if (!row) return undefined
  return {
    accountId: row.account_id,
    tokenId: row.id,
    scopes: JSON.parse(row.scopes) as Scope[],
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  }
}

export async function findSession(db: Db, hash: string): Promise<Session | undefined> {
  const row = await db
    .selectFrom('session')
    .select(['account_id', 'token_hash', 'created_at', 'last_seen_at'])
    .where('hash', '=', hash)
    .executeTakeFirst()
  if (!row) return undefined
  return {
    accountId: row.account_id,
    tokenHash: row.token_hash,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
  }
}

/** Oldest first. */
export async function listTokens(db: Db, accountId: number): Promise<readonly Token[]> {
  const rows = await db
    .selectFrom('token')
    .select(['id', 'name', 'scopes', 'last4', 'created_at', 'last_used_at', 'expires_at'])
    .where('account_id', '=', accountId)
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    accountId,
    name: row.name,
    scopes: JSON.parse(row.scopes) as Scope[],
    last4: row.last4,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
  }))
}

function workflows(db: Db, accountId: number) {
  return db
    .selectFrom('workflow as w')
    .innerJoin('workflow_version as v', (join) =>
      join
        .onRef('v.account_id', '=', 'w.account_id')
        .onRef('v.workflow_id', '=', 'w.id')
        .onRef('v.version', '=', 'w.version'),
    )
    .select([
      'w.account_id',
      'w.id',
      'w.key',
      'w.version',
      'w.active',
      'w.suspended',
      'w.created_at',
      'w.updated_at',
      'v.name',
      'v.steps',
      'v.settings',
      'v.package_set',
      'v.package_versions',
    ])
    .where('w.account_id', '=', accountId)
}

function versions(db: Db, accountId: number, workflowId: string) {
  return db
    .selectFrom('workflow_version')
    .select([
      'workflow_id',
      'version',
      'name',
      'steps',
      'settings',
      'package_set',
      'package_versions',
      'created_at',
    ])
    .where('account_id', '=', accountId)
    .where('workflow_id', '=', workflowId)
}

type Row<Query extends { executeTakeFirstOrThrow(): Promise<unknown> }> = Awaited<
  ReturnType<Query['executeTakeFirstOrThrow']>
>

function workflowOf(row: Row<ReturnType<typeof workflows>>): Workflow {
  return {
    accountId: row.account_id,
    id: row.id,
    key: row.key,
    version: row.version,
    active: row.active === 1,
    suspended: row.suspended === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...definitionOf(row),
  }
}

function versionOf(row: Row<ReturnType<typeof versions>>): WorkflowVersion {
  return {
    workflowId: row.workflow_id,
    version: row.version,
    createdAt: row.created_at,
    ...definitionOf(row),
  }
}

function definitionOf(row: {
  name: string
  steps: string
  settings: string
  package_set: string | null
  package_versions: string | null
}): SavedDefinition {
  return {
    name: row.name,
    steps: JSON.parse(row.steps) as Step[],
    settings: JSON.parse(row.settings) as WorkflowSettings,
    packages: packagesOf(row.package_set, row.package_versions),
  }
}

function packagesOf(hash: string | null, versions: string | null): PinnedPackages | null {
  if (hash === null || versions === null) return null
  return { hash, versions: JSON.parse(versions) as PinnedPackages['versions'] }
}
