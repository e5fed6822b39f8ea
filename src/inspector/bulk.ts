/**
 * Work in bulk: replay or redeliver what a filter meets, paced, with progress and cancel. What is asked
 * for is fixed when it is asked: what comes in later, the job's own replays included, is not of it.
 */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { AppError } from '../errors.ts'
import type { Principal } from '../model/account.ts'
import type { BulkJob, BulkWork } from '../model/bulk.ts'
import { isEventId, parseDeliveryId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { Api } from './api.ts'
import { readDeliveryFilter } from './deliveries.ts'
import { findWorkflow, notFound } from './find.ts'
import { instant, readInstant } from './instant.ts'
import type { InspectorDeps } from './ports.ts'
import * as requests from './requests.ts'
import { Created } from './wire.ts'
import { Bulk, BulkList } from './wire-operations.ts'
import type { BulkWire } from './wire-operations.ts'

type Deps = Pick<InspectorDeps, 'store' | 'clock' | 'ids' | 'bulk'>

const tags = ['bulk']
const KEPT_DAYS = limits.bulkJobsKeptMs / (24 * 60 * 60 * 1000)
const Id = Type.Object({ id: Type.String() })

export function bulkRoutes(api: Api, deps: Deps): void {
  api.post(
    '/bulk',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary: 'Replay or redeliver what a filter meets',
        description:
          'Redelivers those that failed unless the filter names a status or ids. A replay names a workflow or ids.',
        body: requests.NewBulk,
        response: { 202: Created },
      },
    },
    async ({ principal, body }, reply) => {
      const id = deps.ids.next('bulk')
      const { rate = limits.bulkRate } = body
      const { accountId } = principal
      const work = await readWork(deps, principal, body)
      await deps.store.createBulkJob({ ...work, accountId, id, rate })
      void deps.bulk.wake()
      return reply.code(202).send({ id })
    },
  )

  listRoute(api, deps)

  api.get(
    '/bulk/:id',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Read how far it is',
        description: `Kept for ${KEPT_DAYS} days after its end, the latest ${limits.bulkJobsKept} of an account.`,
        params: Id,
        response: { 200: Bulk },
      },
    },
    async ({ principal, params }) => toWireBulk(await findBulk(deps.store, principal, params.id)),
  )

  api.delete(
    '/bulk/:id',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary: 'Cancel it; what is done stays done',
        params: Id,
        response: { 200: Bulk },
      },
    },
    async ({ principal, params: { id } }) => {
      await findBulk(deps.store, principal, id)
      await deps.store.cancelBulkJob(principal.accountId, id)
      return toWireBulk(await findBulk(deps.store, principal, id))
    },
  )
}

function listRoute(api: Api, { store }: Deps): void {
  api.get(
    '/bulk',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'List work in bulk, newest first',
        querystring: requests.BulkQuery,
        response: { 200: BulkList },
      },
    },
    async ({ principal, query }) => {
      const { state = null, limit = limits.pageSize, cursor = null } = query
      const { data, nextCursor } = await store.listBulkJobs(
        principal.accountId,
        state,
        limit,
        cursor,
      )
      return { data: data.map(toWireBulk), nextCursor }
    },
  )
}

async function findBulk(
  store: Pick<Deps['store'], 'readBulkJob'>,
  { accountId }: Principal,
  id: string,
): Promise<BulkJob> {
  return (await store.readBulkJob(accountId, id)) ?? notFound('bulk job', id)
}

async function readWork(
  deps: Deps,
  principal: Principal,
  body: Static<typeof requests.NewBulk>,
): Promise<BulkWork> {
  const now = deps.clock.nowMs()
  if (body.action === 'redeliver') {
    const { ids, ...rest } = body.filter
    if (ids) return { action: 'redeliver', filter: { ids: known(ids, parseDeliveryId) } }
    const read = await readDeliveryFilter(deps.store, principal, rest)
    const before = Math.min(read.before ?? now, now)
    return { action: 'redeliver', filter: { status: 'failed', ...read, before } }
  }
  const { ids, workflow, runOn = 'latest', before, after, ...rest } = body.filter
  const found = workflow === undefined ? {} : await ofWorkflow(deps, principal, workflow)
  if (ids) return { action: 'replay', filter: { ...found, ids: known(ids, isEventId), runOn } }
  const { workflowId } = found
  if (workflowId === undefined) {
    throw new AppError('invalid_request', { reason: 'the filter names neither workflow nor ids' })
  }
  const asked = before === undefined ? now : readInstant(before, 'before')
  const since = after === undefined ? {} : { after: readInstant(after, 'after') }
  const filter = { ...rest, ...since, workflowId, runOn, before: Math.min(asked, now) }
  return { action: 'replay', filter }
}

async function ofWorkflow(
  { store }: Deps,
  principal: Principal,
  id: string,
): Promise<{ readonly workflowId?: string }> {
  const workflow = await findWorkflow(store, principal, id)
  return { workflowId: workflow.id }
}

function known(ids: readonly string[], isId: (id: string) => unknown): readonly string[] {
  const stray = ids.find((id) => !isId(id))
  if (stray === undefined) return [...new Set(ids)]
  throw new AppError('invalid_request', { reason: `${stray.slice(0, 64)} is not an id of one` })
}

function toWireBulk(job: BulkJob): BulkWire {
  const { id, action, filter, rate, state, total, done, failed, message, createdAt, finishedAt } =
    job
  return {
    id,
    action,
    workflowId: filter.workflowId ?? null,
    rate,
    state: state === 'running' && total === null ? 'counting' : state,
    total,
    done,
    failed,
    message,
    createdAt: instant(createdAt),
    finishedAt: finishedAt === null ? null : instant(finishedAt),
  }
}
