/**
 * Destinations: where deliveries go, how each is doing at present, and what a person decides about it.
 * What the store knows stands beside what delivery sees; neither is kept here.
 */
import { Type } from 'typebox'
import type { Principal } from '../model/account.ts'
import { laneKey, originOfDestination } from '../model/destination.ts'
import { limits } from '../model/limits.ts'
import type { DestinationRow } from '../store/inspect.ts'
import type { Api } from './api.ts'
import { notFound } from './find.ts'
import type { InspectorDeps } from './ports.ts'
import * as requests from './requests.ts'
import { toWireDestination } from './to-wire-destination.ts'
import * as wire from './wire-operations.ts'
import { page } from './wire.ts'
import type { DestinationWire } from './wire-operations.ts'

type Deps = Pick<InspectorDeps, 'store' | 'clock' | 'deliveries'>

const tags = ['destinations']
const Id = Type.Object({
  id: Type.String({
    description: '`dst_` and the origin, as in https://a.example:443, in base64url',
  }),
})

export function destinationRoutes(api: Api, deps: Deps): void {
  api.get(
    '/destinations',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'List destinations, by origin',
        querystring: requests.DestinationsQuery,
        response: { 200: page(wire.Destination) },
      },
    },
    async ({ principal: { accountId }, query }) => {
      const { q = '', limit = limits.pageSize, cursor = null } = query
      const page = await deps.store.inspect.listDestinations(accountId, q, limit, cursor)
      return { data: await shown(deps, page.data), nextCursor: page.nextCursor }
    },
  )

  api.get(
    '/destinations/:id',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Read a destination',
        params: Id,
        response: { 200: wire.Destination },
      },
    },
    async ({ principal, params: { id } }) => read(deps, principal, id),
  )

  api.patch(
    '/destinations/:id',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary: 'Pause, resume or cap a destination',
        description:
          'What is not named stays as it is; null is the default. `paused: false` also ends a wait that the destination asked for, and lets its retries go on.',
        params: Id,
        body: requests.DestinationChange,
        response: { 200: wire.Destination },
      },
    },
    async ({ principal, params: { id }, body }) => {
      const { accountId } = principal
      const origin = await foundOrigin(deps, principal, id)
      await deps.store.changeDestination(accountId, origin, body)
      if (body.paused === false) deps.deliveries.lift(laneKey(accountId, origin))
      await deps.deliveries.syncDestinations()
      return read(deps, principal, id)
    },
  )
}

async function read(deps: Deps, { accountId }: Principal, id: string): Promise<DestinationWire> {
  const origin = originOfDestination(id)
  const row = origin && (await deps.store.inspect.destination(accountId, origin))
  const [found] = row ? await shown(deps, [row]) : []
  return found ?? notFound('destination', id)
}

async function foundOrigin(deps: Deps, { accountId }: Principal, id: string): Promise<string> {
  const origin = originOfDestination(id)
  const row = origin && (await deps.store.inspect.destination(accountId, origin))
  return row ? row.origin : notFound('destination', id)
}

async function shown(deps: Deps, rows: readonly DestinationRow[]): Promise<DestinationWire[]> {
  const lanes = rows.map(({ accountId, origin }) => laneKey(accountId, origin))
  const activities = await deps.deliveries.activity(lanes)
  const nowMs = deps.clock.nowMs()
  return rows.map((row, i) => toWireDestination(row, activities[i] ?? null, nowMs))
}
