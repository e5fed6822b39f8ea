/** What the pages over all workflows read and decide: one entry per call, named once. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import type { HealthWire, SigningSecretWire, TokenWire } from '../../src/inspector/wire-instance.ts'
import type {
  ActivityWire,
  BulkWire,
  DeliveryRowWire,
  DestinationWire,
  EventCountWire,
  InstanceWire,
  StatsWire,
} from '../../src/inspector/wire-operations.ts'
import type { Choice } from '../model/choice.ts'
import type { DeliveryFilter } from '../model/delivery-filter.ts'
import type { EventFilter } from '../model/search-words.ts'
import type { Span } from '../model/span.ts'
import { call } from './client.ts'

type Page<Row> = { readonly data: readonly Row[]; readonly nextCursor: string | null }

const part = encodeURIComponent

/** All rows of a list that has few. */
async function all<Row>(path: string, signal: AbortSignal): Promise<readonly Row[]> {
  const rows: Row[] = []
  let cursor: string | null = null
  do {
    const from: string = cursor === null ? '' : `&cursor=${part(cursor)}`
    const page: Page<Row> = await call('GET', `${path}?limit=200${from}`, { signal })
    rows.push(...page.data)
    cursor = page.nextCursor
  } while (cursor !== null)
  return rows
}

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => call<HealthWire>('GET', '/health', { signal }),
  refetchInterval: 15_000,
})

export const activityQuery = queryOptions({
  queryKey: ['activity'],
  queryFn: ({ signal }) => all<ActivityWire>('/activity', signal),
  select: (rows) => new Map(rows.map((row) => [row.workflowId, row])),
  refetchInterval: 10_000,
})

/** A page of deliveries; `page` says from where and how many. */
export const readDeliveries = (
  filter: DeliveryFilter,
  page: { readonly limit: string; readonly cursor?: string },
  signal: AbortSignal,
) =>
  call<Page<DeliveryRowWire>>('GET', `/deliveries?${new URLSearchParams({ ...filter, ...page })}`, {
    signal,
  })

export const bulkQuery = (id: string) =>
  queryOptions({
    queryKey: ['bulk', id],
    queryFn: ({ signal }) => call<BulkWire>('GET', `/bulk/${part(id)}`, { signal }),
    refetchInterval: ({ state: { data } }) => (data && data.finishedAt !== null ? false : 500),
  })

/** Asked for seldom while nothing runs, and often while something does. */
export const runningJobsQuery = queryOptions({
  queryKey: ['jobs', 'running'],
  queryFn: ({ signal }) => call<Page<BulkWire>>('GET', '/bulk?state=running', { signal }),
  select: ({ data }) => data,
  refetchInterval: ({ state: { data } }) => (data && data.data.length > 0 ? 1_000 : 10_000),
})

export const recentJobsQuery = infiniteQueryOptions({
  queryKey: ['jobs', 'recent'],
  queryFn: ({ signal, pageParam }) =>
    call<Page<BulkWire>>('GET', `/bulk?limit=20${pageParam}`, { signal }),
  initialPageParam: '',
  getNextPageParam: ({ nextCursor }) => nextCursor && `&cursor=${part(nextCursor)}`,
})

/** `ids` alone where some were chosen, else all that the filter meets. */
export const redeliverMany = (filter: DeliveryFilter & { readonly ids?: readonly string[] }) =>
  call<{ id: string }>('POST', '/bulk', { body: { action: 'redeliver', filter } })

/** What "all that match" is, and the instant of it. */
export const eventCountQuery = (workflowId: string, filter: EventFilter) =>
  queryOptions({
    queryKey: ['count', workflowId, filter],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams(
        Object.entries(filter).map(([name, value]) => [name, String(value)]),
      )
      const path = `/workflows/${part(workflowId)}/events/count?${query}`
      return call<EventCountWire>('GET', path, { signal })
    },
  })

/** Replays what is chosen: some by their ids, or all that met the filter when they were counted. */
export function replayMany(
  workflow: string,
  filter: EventFilter,
  { ids, matching }: Choice,
  runOn: 'latest' | 'original',
): Promise<{ id: string }> {
  const these = matching ? { ...filter, before: matching.before } : { ids: [...ids] }
  const body = { action: 'replay', filter: { workflow, runOn, ...these } }
  return call('POST', '/bulk', { body })
}

export const cancelBulk = (id: string) => call<BulkWire>('DELETE', `/bulk/${part(id)}`)

export const statsQuery = (span: Span, workflow: string | undefined) =>
  queryOptions({
    queryKey: ['stats', span.name, workflow ?? ''],
    queryFn: ({ signal }) => {
      const to = Date.now()
      const query = new URLSearchParams({
        from: new Date(to - span.ms).toISOString(),
        to: new Date(to).toISOString(),
      })
      if (workflow !== undefined) query.set('workflow', workflow)
      return call<StatsWire>('GET', `/stats?${query}`, { signal })
    },
    refetchInterval: span.refetchMs,
    placeholderData: (before) => before,
  })

/** Of one search, by origin; some hundred at a time, since there may be one for each customer. */
export const destinationsQuery = (q = '') =>
  infiniteQueryOptions({
    queryKey: ['destinations', q],
    queryFn: ({ signal, pageParam }) =>
      call<Page<DestinationWire>>('GET', `/destinations?limit=100&q=${part(q)}${pageParam}`, {
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor && `&cursor=${part(nextCursor)}`,
    select: ({ pages }): readonly DestinationWire[] => pages.flatMap(({ data }) => data),
  })

/** What was changed, wherever it is listed. */
export function replaceDestination(queries: QueryClient, changed: DestinationWire): void {
  queries.setQueriesData<InfiniteData<Page<DestinationWire>>>(
    { queryKey: ['destinations'] },
    (before) =>
      before && {
        ...before,
        pages: before.pages.map(({ data, nextCursor }) => ({
          data: data.map((one) => (one.id === changed.id ? changed : one)),
          nextCursor,
        })),
      },
  )
}

export type DestinationChange = {
  readonly paused?: boolean
  readonly concurrency?: number | null
  readonly ratePerSecond?: number | null
}

export const changeDestination = (id: string, change: DestinationChange) =>
  call<DestinationWire>('PATCH', `/destinations/${part(id)}`, { body: change })

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => call<Page<TokenWire>>('GET', '/tokens', { signal }),
  select: ({ data }) => data,
})

export type TokenScope = TokenWire['scopes'][number]

export const createToken = (name: string, scopes: readonly TokenScope[]) =>
  call<TokenWire & { token: string }>('POST', '/tokens', { body: { name, scopes } })

export const revokeToken = (id: string) => call<undefined>('DELETE', `/tokens/${part(id)}`)

export const variablesQuery = queryOptions({
  queryKey: ['env'],
  queryFn: ({ signal }) =>
    call<Page<{ readonly name: string; readonly updatedAt: string }>>('GET', '/env', { signal }),
  select: ({ data }) => data,
})

export const setVariable = (name: string, value: string) =>
  call<undefined>('PUT', `/env/${part(name)}`, { body: { value } })

export const removeVariable = (name: string) => call<undefined>('DELETE', `/env/${part(name)}`)

export const instanceQuery = queryOptions({
  queryKey: ['instance'],
  queryFn: ({ signal }) => call<InstanceWire>('GET', '/instance', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
})

/** Since when a workflow has its signing secret, and until when the one before it signs too. */
export const signingQuery = (workflowId: string) =>
  queryOptions({
    queryKey: ['signing', workflowId],
    queryFn: ({ signal }) =>
      call<SigningSecretWire>('GET', `/workflows/${part(workflowId)}/signing-secret`, { signal }),
  })

/** The one answer with the secret in it. */
export const makeSigningSecret = (workflowId: string) =>
  call<SigningSecretWire & { readonly secret: string }>(
    'POST',
    `/workflows/${part(workflowId)}/signing-secret`,
  )

export const endSigningOverlap = (workflowId: string) =>
  call<SigningSecretWire>('DELETE', `/workflows/${part(workflowId)}/signing-secret/previous`)
