/** A workflow's signing secret: made or replaced, shown in that one answer only, and the one before it ended. */
import { Type } from 'typebox'
import type { SigningState } from './ports.ts'
import type { Api } from './api.ts'
import { findWorkflow } from './find.ts'
import { instant } from './instant.ts'
import type { InspectorDeps } from './ports.ts'
import * as requests from './requests.ts'
import * as wire from './wire-instance.ts'
import { nullable } from './wire.ts'

type Deps = Pick<InspectorDeps, 'signing' | 'store'>

const tags = ['workflows']
const Id = Type.Object({ id: Type.String() })

export function signingRoutes(api: Api, { signing, store }: Deps): void {
  api.get(
    '/workflows/:id/signing-secret',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Tell since when a workflow has its signing secret; the secret is write-only',
        params: Id,
        response: { 200: wire.SigningSecret },
      },
    },
    async ({ principal, params }) => {
      const { accountId, id } = await findWorkflow(store, principal, params.id)
      return toWire(await signing.describe(accountId, id))
    },
  )

  api.post(
    '/workflows/:id/signing-secret',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary:
          'Replace the signing secret and show the new one, once; the old one signs for a day',
        params: Id,
        body: nullable(requests.NewSigningSecret),
        response: { 201: wire.IssuedSigningSecret },
      },
    },
    async ({ principal, params, body }, reply) => {
      const { accountId, id } = await findWorkflow(store, principal, params.id)
      const { secret, ...state } = await signing.rotate(accountId, id, body?.secret)
      return reply.code(201).send({ secret, ...toWire(state) })
    },
  )

  api.delete(
    '/workflows/:id/signing-secret/previous',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary: 'End the day in which the replaced secret signs too',
        params: Id,
        response: { 200: wire.SigningSecret },
      },
    },
    async ({ principal, params }) => {
      const { accountId, id } = await findWorkflow(store, principal, params.id)
      return toWire(await signing.endOverlap(accountId, id))
    },
  )
}

function toWire({ current, previous }: SigningState): wire.SigningSecretWire {
  return {
    createdAt: current && instant(current.createdAt),
    previous: previous && {
      createdAt: instant(previous.createdAt),
      lapsesAt: instant(previous.lapsesAt),
    },
  }
}
