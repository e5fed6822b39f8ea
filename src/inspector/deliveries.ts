/** Deliveries: the two things a person can decide about one, to send it once more or not to send it. */
import { Type } from 'typebox'
import type { Principal } from '../model/account.ts'
import type { Api } from './api.ts'
import { findDelivery } from './find.ts'
import type { FoundDelivery } from './find.ts'
import type { InspectorDeps } from './ports.ts'
import * as wire from './wire.ts'

type Deps = Pick<InspectorDeps, 'store' | 'notifier' | 'deliveries'>

const tags = ['deliveries']
const Id = Type.Object({ id: Type.String() })

export function deliveryRoutes(api: Api, deps: Deps): void {
  api.post(
    '/deliveries/:id/redeliver',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary: 'Make one more attempt, with the same webhook-id',
        params: Id,
        response: { 202: wire.Created },
      },
    },
    async ({ principal, params: { id } }, reply) => {
      const found = await findDelivery(deps.store, principal, id)
      await deps.store.redeliver(principal.accountId, found.key)
      deps.deliveries.wake()
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
      await deps.store.cancel(principal.accountId, found.key)
      announce(deps, principal, id, found)
      return { id, status: 'canceled' as const }
    },
  )
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
