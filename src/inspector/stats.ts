/** Figures over time, for plots; and how each workflow has been doing, for their list. */
import { Type } from 'typebox'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import { bucketsOf } from '../model/series.ts'
import type { Api } from './api.ts'
import { findWorkflow } from './find.ts'
import { readInstant } from './instant.ts'
import type { InspectorDeps } from './ports.ts'
import * as requests from './requests.ts'
import { toWireActivity, toWireStats } from './to-wire-operations.ts'
import * as wire from './wire-operations.ts'

type Deps = Pick<InspectorDeps, 'store' | 'clock'>

const DAY_MS = 24 * 60 * 60 * 1000

const StatsQuery = Type.Object(
  {
    workflow: Type.Optional(Type.String({ description: 'Of this workflow alone' })),
    from: Type.Optional(
      Type.String({ format: 'date-time', description: 'A day before `to` if left out' }),
    ),
    to: Type.Optional(Type.String({ format: 'date-time', description: 'Now if left out' })),
  },
  { additionalProperties: false },
)

export function statsRoutes(api: Api, deps: Deps): void {
  api.get(
    '/stats',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['stats'],
        summary: 'Read figures over time: events, runs, deliveries, latencies, queue',
        description:
          'Counted from the rows when asked. A bucket of many events is told by an even sample; isExact says whether any was.',
        querystring: StatsQuery,
        response: { 200: wire.Stats },
      },
    },
    async ({ principal, query }) => {
      const { inspect } = deps.store
      const { accountId } = principal
      const to = query.to === undefined ? deps.clock.nowMs() : readInstant(query.to, 'to')
      const from = query.from === undefined ? to - DAY_MS : readInstant(query.from, 'from')
      const buckets = from < to ? bucketsOf(from, to, limits.statsBuckets) : undefined
      if (!buckets) {
        const reason =
          from < to ? 'from and to are more than 5 years apart' : 'from is not before to'
        throw new AppError('invalid_request', { reason })
      }
      const workflow =
        query.workflow === undefined
          ? null
          : await findWorkflow(deps.store, principal, query.workflow)
      const [series, backlog] = await Promise.all([
        inspect.stats(accountId, workflow && workflow.id, buckets),
        inspect.backlog(),
      ])
      return toWireStats({ from, to, widthMs: buckets.widthMs }, series, backlog)
    },
  )

  api.get(
    '/activity',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['stats'],
        summary: 'List how workflows have been doing, in the order of the list of workflows',
        querystring: requests.PageQuery,
        response: { 200: wire.ActivityList },
      },
    },
    async ({ principal, query: { limit = limits.pageSize, cursor = null } }) => {
      const now = deps.clock.nowMs()
      const { inspect } = deps.store
      const page = await inspect.activity(principal.accountId, now, limit, cursor)
      return { data: page.data.map(toWireActivity), nextCursor: page.nextCursor }
    },
  )
}
