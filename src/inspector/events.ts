/**
 * Events: what came in, what it did, and doing it again. A replay is a new event with the bytes of the
 * old one; it names its origin, and only the person who asked decides whether today's workflow runs it.
 */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { InspectorDeps, Submission } from './ports.ts'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import type { Workflow } from '../model/workflow.ts'
import type { EventFilter, ReceivedEvent } from '../store/inspect.ts'
import type { Api } from './api.ts'
import { findEvent, findReceivedEvent, findWorkflow } from './find.ts'
import { instant, readInstant } from './instant.ts'
import * as requests from './requests.ts'
import { toWireEventRow } from './to-wire-event.ts'
import { EventCount } from './wire-operations.ts'
import * as wire from './wire-event.ts'
import { Created, nullable } from './wire.ts'
import { sendEvent } from './write-event.ts'

type Deps = Pick<InspectorDeps, 'store' | 'clock' | 'ids' | 'execution' | 'variables'>

const tags = ['events']
const Id = Type.Object({ id: Type.String() })

export function eventRoutes(api: Api, deps: Deps): void {
  listRoutes(api, deps)
  oneEventRoutes(api, deps)
}

function listRoutes(api: Api, deps: Deps): void {
  api.get(
    '/workflows/:id/events',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'List events, newest first',
        description: 'A page of a search may be short, or empty, and still have a nextCursor.',
        params: Id,
        querystring: requests.EventsQuery,
        response: { 200: wire.EventList },
      },
    },
    async ({ principal, params, query }) => {
      const { limit = limits.pageSize, cursor = null, ...wanted } = query
      const { accountId, id } = await findWorkflow(deps.store, principal, params.id)
      const { mask, secrets } = await deps.variables.of(accountId)
      const filter = readFilter(wanted, secrets)
      const page = await deps.store.inspect.listEvents(accountId, id, filter, limit, cursor)
      const data = page.data.map((row) => toWireEventRow(row, mask))
      return { data, nextCursor: page.nextCursor }
    },
  )

  api.get(
    '/workflows/:id/events/count',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Count the events that a filter meets',
        params: Id,
        querystring: requests.EventFilter,
        response: { 200: EventCount },
      },
    },
    async ({ principal, params, query }) => {
      const { accountId, id } = await findWorkflow(deps.store, principal, params.id)
      const { secrets } = await deps.variables.of(accountId)
      const asked = readFilter(query, secrets)
      const now = deps.clock.nowMs()
      const filter = { ...asked, before: Math.min(asked.before ?? now, now) }
      const found = await deps.store.inspect.countEvents(accountId, id, filter)
      return { ...found, before: instant(filter.before) }
    },
  )
}

function oneEventRoutes(api: Api, deps: Deps): void {
  api.get(
    '/events/:id',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Read an event, its run and its deliveries',
        params: Id,
        response: { 200: wire.EventDetail },
      },
    },
    async ({ principal, params }, reply) => {
      const event = await findEvent(deps.store, principal, params.id)
      const { mask } = await deps.variables.of(event.accountId)
      return sendEvent(reply, event, mask)
    },
  )

  api.post(
    '/events/:id/replay',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary: 'Run an event again, as a new event',
        params: Id,
        body: nullable(requests.Replay),
        response: { 201: Created },
      },
    },
    async ({ principal, params, body }, reply) => {
      const origin = await findReceivedEvent(deps.store, principal, params.id)
      const workflow = await deps.store.inspect.workflow(principal.accountId, origin.workflowId)
      const replay = replayOf(deps, origin, workflow, body?.version ?? 'latest')
      await deps.execution.submit(replay)
      return reply.code(201).send({ id: replay.id })
    },
  )
}

/** A search finds nothing of what is masked where it is shown. */
function readFilter(
  { before, after, ...rest }: Static<typeof requests.EventFilter>,
  secrets: readonly string[],
): EventFilter {
  return {
    ...rest,
    ...(before === undefined ? {} : { before: readInstant(before, 'before') }),
    ...(after === undefined ? {} : { after: readInstant(after, 'after') }),
    ...(rest.q === undefined ? {} : { hidden: secrets }),
  }
}

function replayOf(
  deps: Deps,
  origin: ReceivedEvent,
  workflow: Workflow | undefined,
  version: 'latest' | 'original',
): Submission {
  const action = `replay ${origin.id}`
  if (!workflow) throw new AppError('conflict', { action, reason: 'its workflow was deleted' })
  if (workflow.suspended) {
    throw new AppError('conflict', { action, reason: 'its workflow is suspended' })
  }
  if (origin.error) {
    const reason = `it was not accepted (${origin.error.code}), so its bytes were not kept`
    throw new AppError('conflict', { action, reason })
  }
  const original = version === 'original'
  return {
    accountId: origin.accountId,
    id: deps.ids.next('evt'),
    workflowId: origin.workflowId,
    version: original ? origin.version : workflow.version,
    receivedAt: deps.clock.nowMs(),
    request: origin.request,
    replayOf: origin.id,
    test: false,
    steps: original ? origin.steps : null,
  }
}
