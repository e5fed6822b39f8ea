/**
 * Work in bulk, the same in every dialect. A step does its items and moves the job's cursor past them in
 * one transaction, and is void unless the job runs and stands where the step begins: so a crash between
 * two steps, a step that is sent twice, or a job that is canceled meanwhile, does no item twice.
 */
import type { Kysely } from 'kysely'
import { AppError } from '../errors.ts'
import type { BulkItem, BulkJob, BulkStep, BulkWork, NewBulkJob } from '../model/bulk.ts'
import { parseDeliveryId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import { redeliver } from './definitions.ts'
import type { Page } from './inspect.ts'
import { requestColumns } from './read-request.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>

export async function createBulkJob(db: Db, at: number, job: NewBulkJob): Promise<void> {
  const { accountId, id, action, filter, rate } = job
  const open = await listOpenBulkJobs(db)
  if (open.filter((one) => one.accountId === accountId).length >= limits.bulkJobs) {
    const reason = `${limits.bulkJobs} are running, wait for one or cancel it`
    throw new AppError('conflict', { action: 'begin the bulk job', reason })
  }
  await dropPast(db, accountId, limits.bulkJobsKept)
  await db
    .insertInto('bulk_job')
    .values({
      account_id: accountId,
      id,
      action,
      filter: JSON.stringify(filter),
      rate,
      state: 'running',
      total: null,
      done: 0,
      failed: 0,
      message: null,
      cursor: null,
      created_at: at,
      finished_at: null,
    })
    .execute()
}

export async function readBulkJob(
  db: Db,
  accountId: number,
  id: string,
): Promise<BulkJob | undefined> {
  const found = db.selectFrom('bulk_job').selectAll()
  const row = await found
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && jobOf(row)
}

/** Of one account, newest first; `state` leaves out the others. */
export async function listBulkJobs(
  db: Db,
  accountId: number,
  state: BulkJob['state'] | null,
  limit: number,
  cursor: string | null,
): Promise<Page<BulkJob>> {
  let all = db
    .selectFrom('bulk_job')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (state !== null) all = all.where('state', '=', state)
  if (cursor !== null) all = all.where('id', '<', cursor)
  const rows = await all.execute()
  const data = rows.slice(0, limit).map(jobOf)
  return { data, nextCursor: rows.length > limit ? data.at(-1)!.id : null }
}

/** Of all accounts, oldest first. */
export async function listOpenBulkJobs(db: Db): Promise<readonly BulkJob[]> {
  const open = db.selectFrom('bulk_job').selectAll().where('state', '=', 'running')
  return (await open.orderBy('id').execute()).map(jobOf)
}

export async function noteBulkTotal(
  db: Db,
  _at: number,
  accountId: number,
  id: string,
  total: number,
): Promise<void> {
  await change(db, accountId, id, { total })
}

/** Resolves to the job as it is then; undefined when it is not there. */
export async function stepBulkJob(
  db: Db,
  at: number,
  accountId: number,
  id: string,
  { items, from, next }: BulkStep,
): Promise<BulkJob | undefined> {
  const job = await readBulkJob(db, accountId, id)
  if (!job || job.state !== 'running' || job.cursor !== from) return job
  let { done, failed, message } = job
  for (const item of items) {
    const refusal = await refusalOf(db, at, job, item)
    if (refusal === null) done++
    else {
      failed++
      message = refusal
    }
  }
  const isLast = next === null
  const passed = done + failed
  // Between counting and doing rows come into, or fall out of, what the filter meets.
  const total = isLast ? passed : Math.max(passed, job.total ?? 0)
  const end = isLast ? { state: 'done', finished_at: at } : {}
  await change(db, accountId, id, { done, failed, message, total, cursor: next, ...end })
  return readBulkJob(db, accountId, id)
}

/** False when it is not there; one that has ended stays as it ended. */
export async function cancelBulkJob(
  db: Db,
  at: number,
  accountId: number,
  id: string,
): Promise<boolean> {
  const job = await readBulkJob(db, accountId, id)
  if (job?.state === 'running') {
    await change(db, accountId, id, { state: 'canceled', finished_at: at })
  }
  return job !== undefined
}

/** Deletes up to `count` that ended before `before`; resolves to how many there were. */
export async function expireBulkJobs(
  db: Db,
  _at: number,
  before: number,
  count: number,
): Promise<number> {
  const old = await db
    .selectFrom('bulk_job')
    .select(['account_id', 'id'])
    .where('finished_at', 'is not', null)
    .where('finished_at', '<', before)
    .limit(count)
    .execute()
  for (const { account_id, id } of old) await drop(db, account_id, [id])
  return old.length
}

/** Of those that have ended, the latest `kept` stay. */
async function dropPast(db: Db, accountId: number, kept: number): Promise<void> {
  const past = await db
    .selectFrom('bulk_job')
    .select('id')
    .where('account_id', '=', accountId)
    .where('finished_at', 'is not', null)
    .orderBy('finished_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limits.bulkExpiryBatch)
    .offset(kept)
    .execute()
  if (past.length > 0) {
    await drop(
      db,
      accountId,
      past.map(({ id }) => id),
    )
  }
}

async function drop(db: Db, accountId: number, ids: readonly string[]): Promise<void> {
  await db
    .deleteFrom('bulk_job')
    .where('account_id', '=', accountId)
    .where('id', 'in', ids)
    .execute()
}

/** Does an item. Null, or the sentence that says why it cannot be done. */
async function refusalOf(db: Db, at: number, job: BulkJob, item: BulkItem): Promise<string | null> {
  try {
    if (item.kind === 'replay') await replay(db, at, job, item.eventId, item.newId)
    else await redeliver(db, at, job.accountId, parseDeliveryId(item.deliveryId)!)
    return null
  } catch (error) {
    if (error instanceof AppError && error.status < 500) return error.message
    throw error
  }
}

const MADE = [
  'account_id',
  'id',
  'workflow_id',
  'version',
  'received_at',
  'replay_of',
  'test',
  'error',
  'steps',
] as const

/** A new event with the bytes of the old one, which never leave the database; it waits to be adopted. */
async function replay(
  db: Db,
  at: number,
  { accountId, filter }: BulkJob,
  eventId: string,
  newId: string,
): Promise<void> {
  const origin = await replayable(db, accountId, eventId)
  const isOriginal = 'runOn' in filter && filter.runOn === 'original'
  await db
    .insertInto('event')
    .columns([...MADE, ...requestColumns])
    .expression((eb) =>
      eb
        .selectFrom('event')
        .select((one) => [
          'account_id',
          one.val(newId).as('new_id'),
          'workflow_id',
          one.val(isOriginal ? origin.version : origin.latest).as('version'),
          one.val(at).as('received_at'),
          'id',
          one.val(0).as('test'),
          one.val(null).as('error'),
        ])
        .select((one) => (isOriginal ? one.ref('steps') : one.val(null)).as('steps'))
        .select(requestColumns)
        .where('account_id', '=', accountId)
        .where('id', '=', eventId),
    )
    .execute()
  await db
    .insertInto('event_queue')
    .values({
      account_id: accountId,
      event_id: newId,
      workflow_id: origin.workflow_id,
      leased_by: null,
      starts: 0,
    })
    .execute()
}

async function replayable(db: Db, accountId: number, eventId: string) {
  const origin = await db
    .selectFrom('event as e')
    .leftJoin('workflow as w', (join) =>
      join.onRef('w.account_id', '=', 'e.account_id').onRef('w.id', '=', 'e.workflow_id'),
    )
    .select(['e.workflow_id', 'e.version', 'e.error', 'w.version as latest', 'w.suspended'])
    .where('e.account_id', '=', accountId)
    .where('e.id', '=', eventId)
    .executeTakeFirst()
  const action = `replay ${eventId}`
  if (!origin) throw new AppError('not_found', { noun: 'event', id: eventId })
  if (origin.latest === null) {
    throw new AppError('conflict', { action, reason: 'its workflow was deleted' })
  }
  if (origin.suspended === 1) {
    throw new AppError('conflict', { action, reason: 'its workflow is suspended' })
  }
  if (origin.error !== null) {
    const reason = 'it was not accepted, so its bytes were not kept'
    throw new AppError('conflict', { action, reason })
  }
  return { ...origin, latest: origin.latest }
}

async function change(
  db: Db,
  accountId: number,
  id: string,
  values: Partial<Tables['bulk_job']>,
): Promise<void> {
  await db
    .updateTable('bulk_job')
    .set(values)
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .execute()
}

function jobOf(row: Tables['bulk_job']): BulkJob {
  const work = { action: row.action, filter: JSON.parse(row.filter) as unknown } as BulkWork
  return {
    ...work,
    accountId: row.account_id,
    id: row.id,
    rate: row.rate,
    state: row.state as BulkJob['state'],
    total: row.total,
    done: row.done,
    failed: row.failed,
    message: row.message,
    cursor: row.cursor,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  }
}
