/** What is read from the API and kept: one entry per call, named once. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type {
  DeliveryWire,
  EventDetailWire,
  EventListWire,
} from '../../src/inspector/wire-event.ts'
import type {
  StepProblemWire,
  VersionWire,
  WorkflowWire,
} from '../../src/inspector/wire-workflow.ts'
import type { EventFilter } from '../model/search-words.ts'
import { call, callInLines } from './client.ts'

type Page<Row> = { readonly data: readonly Row[]; readonly nextCursor: string | null }
export type Session = { readonly scopes: readonly ('read' | 'write' | 'admin')[] }

const part = encodeURIComponent

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => call<Session>('GET', '/session', { signal }),
  staleTime: 60_000,
})

export const workflowsQuery = queryOptions({
  queryKey: ['workflows'],
  queryFn: async ({ signal }) => {
    const all: WorkflowWire[] = []
    let cursor: string | null = null
    do {
      const from: string = cursor === null ? '' : `&cursor=${part(cursor)}`
      const page: Page<WorkflowWire> = await call('GET', `/workflows?limit=200${from}`, { signal })
      all.push(...page.data)
      cursor = page.nextCursor
    } while (cursor !== null)
    return all
  },
})

export const workflowQuery = (id: string) =>
  queryOptions({
    queryKey: ['workflow', id],
    queryFn: ({ signal }) => call<WorkflowWire>('GET', `/workflows/${part(id)}`, { signal }),
  })

/** A version never changes. */
export const versionQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: ['version', id, version],
    queryFn: ({ signal }) =>
      call<VersionWire>('GET', `/workflows/${part(id)}/versions/${version}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Newest first; each holds all of its steps, so not many are read at a time. */
export const versionsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['versions', id],
    queryFn: ({ signal, pageParam }) =>
      call<Page<VersionWire>>('GET', `/workflows/${part(id)}/versions?limit=20${pageParam}`, {
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor && `&cursor=${part(nextCursor)}`,
    select: ({ pages }) => pages.flatMap(({ data }) => data),
  })

export const variablesQuery = queryOptions({
  queryKey: ['env'],
  queryFn: ({ signal }) => call<Page<{ readonly name: string }>>('GET', '/env', { signal }),
  select: ({ data }) => data.map(({ name }) => name),
})

export const eventQuery = (id: string) =>
  queryOptions({
    queryKey: ['event', id],
    queryFn: ({ signal }) => call<EventDetailWire>('GET', `/events/${part(id)}`, { signal }),
  })

/** A delivery whose event is too much for one answer: its latest attempts, and before these the others. */
export const deliveryQuery = (eventId: string, id: string) =>
  infiniteQueryOptions({
    queryKey: [...eventQuery(eventId).queryKey, 'delivery', id],
    queryFn: ({ signal, pageParam }) =>
      call<DeliveryWire>('GET', `/deliveries/${part(id)}${pageParam}`, { signal }),
    initialPageParam: '',
    getNextPageParam: ({ attempts: [first] }) =>
      first && first.number > 1 ? `?before=${first.number}` : null,
    select: ({ pages }): DeliveryWire => ({
      ...pages[0]!,
      attempts: pages.toReversed().flatMap(({ attempts }) => attempts),
    }),
  })

/** A page of events; `page` says from where and how many. */
export function readEvents(
  workflowId: string,
  filter: EventFilter,
  page: { readonly limit: string; readonly cursor?: string; readonly before?: string },
  signal: AbortSignal,
): Promise<EventListWire> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...filter, ...earlier(filter, page) })) {
    query.set(name, String(value))
  }
  return call('GET', `/workflows/${part(workflowId)}/events?${query}`, { signal })
}

/** Of two instants to read before, the earlier one counts. */
function earlier(filter: EventFilter, page: { readonly before?: string }): object {
  const isEarlier =
    filter.before !== undefined && page.before !== undefined && filter.before < page.before
  return isEarlier ? { ...page, before: filter.before } : page
}

export const replay = (eventId: string, version: 'latest' | 'original') =>
  call<{ id: string }>('POST', `/events/${part(eventId)}/replay`, { body: { version } })

export const redeliver = (deliveryId: string) =>
  call<{ id: string }>('POST', `/deliveries/${part(deliveryId)}/redeliver`)

export const cancelDelivery = (deliveryId: string) =>
  call<{ id: string }>('POST', `/deliveries/${part(deliveryId)}/cancel`)

export const checkSteps = (steps: readonly unknown[], signal: AbortSignal) =>
  call<{ problems: readonly StepProblemWire[] }>('POST', '/check', { body: { steps }, signal })

export type WorkflowSave = Partial<Pick<WorkflowWire, 'name' | 'steps'>> & {
  readonly settings?: Partial<WorkflowWire['settings']>
  readonly expectedVersion: number
}

/** `tell` hears what is being installed meanwhile. */
export const saveWorkflow = (id: string, body: WorkflowSave, tell: (progress: string) => void) =>
  callInLines<WorkflowWire>('PATCH', `/workflows/${part(id)}`, body, tell)

export const deleteWorkflow = (id: string) => call<undefined>('DELETE', `/workflows/${part(id)}`)

export type NewWorkflow = Pick<WorkflowWire, 'name' | 'steps'> &
  Partial<Pick<WorkflowWire, 'settings'>>

export const createWorkflow = (body: NewWorkflow) =>
  call<WorkflowWire>('POST', '/workflows', { body })

export type TestRun = { readonly event: unknown; readonly steps?: readonly unknown[] }

/** Runs and tells; nothing is stored and nothing is sent. */
export const dryRun = (workflowId: string, test: TestRun) =>
  call<EventDetailWire>('POST', `/workflows/${part(workflowId)}/test`, {
    body: { ...test, send: false },
  })

export const sendTest = (workflowId: string, test: TestRun) =>
  call<{ id: string }>('POST', `/workflows/${part(workflowId)}/test`, {
    body: { ...test, send: true },
  })

export const setActive = (workflowId: string, active: boolean) =>
  call<WorkflowWire>('PATCH', `/workflows/${part(workflowId)}`, { body: { active } })

export const signIn = (token: string) => call<Session>('POST', '/session', { body: { token } })
export const signOut = () => call<undefined>('DELETE', '/session')
export const setUp = (code: string) => call<{ token: string }>('POST', '/setup', { body: { code } })
