/**
 * Deliveries: all of them in one list, one of them with its attempts, and the two things a person can decide
 * about one, to send it once more or not to send it.
 */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { AppError } from '../errors.ts'
import type { Principal } from '../model/account.ts'
import { originOf } from '../model/delivery.ts'
import { laneKey } from '../model/destination.ts'
import { parseDeliveryId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { DeliveryFilter } from '../store/inspect.ts'
import type { Api } from './api.ts'
import { findDelivery, findWorkflow, notFound } from './find.ts'
import type { FoundDelivery } from './find.ts'
import { readInstant } from './instant.ts'
import type { InspectorDeps } from './ports.ts'
import * as requests from './requests.ts'
import { toWireDelivery } from './to-wire-delivery.ts'
import { toWireDeliveryRow } from './to-wire-operations.ts'
import { DeliveryList } from './wire-operations.ts'
import * as wire from './wire-event.ts'
import { Created } from './wire.ts'

type Deps = Pick<InspectorDeps, 'store' | 'notifier' | 'deliveries' | 'variables'>

const tags = ['deliveries']
const Id = Type.Object({ id: Type.String() })

export function deliveryRoutes(api: Api, deps: Deps): void {
  readRoutes(api, deps)
  decisionRoutes(api, deps)
}

function readRoutes(api: Api, deps: Deps): void {
  api.get(
    '/deliveries',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'List deliveries over all workflows, newest first',
        description:
          'A page of a filtered list may be short, or empty, and still have a nextCursor.',
        querystring: requests.DeliveriesQuery,
        response: { 200: DeliveryList },
      },
    },
    async ({ principal, query }) => {
      const { limit = limits.pageSize, cursor = null, ...wanted } = query
      const { accountId } = principal
      const { mask, secrets } = await deps.variables.of(accountId)
      const read = await readDeliveryFilter(deps.store, principal, wanted)
      const filter = read.q === undefined ? read : { ...read, hidden: secrets }
      const page = await deps.store.inspect.listDeliveries(accountId, filter, limit, cursor)
      const data = page.data.map((row) => toWireDeliveryRow(row, mask))
      return { data, nextCursor: page.nextCursor }
    },
  )

  api.get(
    '/deliveries/:id',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Read a delivery with its attempts',
        description:
          'The latest attempts, as many as one answer carries. Where the first of them is not number 1, `before` with its number reads on.',
        params: Id,
        querystring: requests.AttemptsQuery,
        response: { 200: wire.Delivery },
      },
    },
    async ({ principal: { accountId }, params: { id }, query: { before = null } }) => {
      const key = parseDeliveryId(id)
      const found = key && (await deps.store.inspect.delivery(accountId, key, before))
      const { mask } = await deps.variables.of(accountId)
      return found ? toWireDelivery(found, mask) : notFound('delivery', id)
    },
  )
}

function decisionRoutes(api: Api, deps: Deps): void {
  api.post(
    '/deliveries/:id/redeliver',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary: 'Make one more attempt, with the same webhook-id',
        params: Id,
        response: { 202: Created },
      },
    },
    async ({ principal, params: { id } }, reply) => {
      const found = await findDelivery(deps.store, principal, id)
      await deps.store.redeliver(principal.accountId, found.key)
      deps.deliveries.wake()
      deps.deliveries.probe(laneKey(principal.accountId, found.origin))
      announce(deps, principal, id, found)
      return reply.code(202).send({ id })
    },
  )

  api.post(
    '/deliveries/:id/cancel',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary: 'End a delivery that is pending or held',
        params: Id,
        response: { 200: wire.DeliveryState },
      },
    },
    async ({ principal, params: { id } }) => {
      const found = await findDelivery(deps.store, principal, id)
      await cancel(deps, principal, id, found)
      announce(deps, principal, id, found)
      return { id, status: 'canceled' as const }
    },
  )
}

/**
 * Cancels a delivery; one that waits in delivery's memory, where it counts as begun, is fetched from
 * there first. It may be taken up again in between, so that is tried more than once.
 */
async function cancel(
  { store, deliveries }: Deps,
  { accountId }: Principal,
  id: string,
  { key, origin }: FoundDelivery,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await store.cancel(accountId, key)
    } catch (error) {
      const isBegun = error instanceof AppError && error.code === 'conflict' && tries < 3
      if (!isBegun || !(await deliveries.withdraw(laneKey(accountId, origin), id))) throw error
    }
  }
}

/** Reads the filter of a list of deliveries; a workflow that is not the account's is not found. */
export async function readDeliveryFilter(
  store: Deps['store'],
  principal: Principal,
  { workflow, origin, before, after, ...rest }: Static<typeof requests.DeliveryFilter>,
): Promise<DeliveryFilter> {
  if (workflow !== undefined) await findWorkflow(store, principal, workflow)
  return {
    ...rest,
    ...(workflow === undefined ? {} : { workflowId: workflow }),
    // As people write it too, without the port.
    ...(origin === undefined ? {} : { origin: URL.canParse(origin) ? originOf(origin) : origin }),
    ...(before === undefined ? {} : { before: readInstant(before, 'before') }),
    ...(after === undefined ? {} : { after: readInstant(after, 'after') }),
  }
}

function announce(
  deps: Deps,
  principal: Principal,
  deliveryId: string,
  found: FoundDelivery,
): void {
  const { accountId } = principal
  const { workflowId, key } = found
  const { eventId } = key
  deps.notifier.publish({ kind: 'delivery', accountId, workflowId, eventId, deliveryId })
}
