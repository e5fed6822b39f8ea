/** API tokens: issued, listed and revoked by an admin of the account. The secret is shown once. */
import { Type } from 'typebox'
import { createToken } from '../account/tokens.ts'
import type { Api } from './api.ts'
import { notFound } from './find.ts'
import { readInstant } from './instant.ts'
import type { InspectorDeps } from './ports.ts'
import * as requests from './requests.ts'
import { toWireToken } from './to-wire-workflow.ts'
import * as wire from './wire-instance.ts'
import { page } from './wire.ts'

type Deps = Pick<InspectorDeps, 'store' | 'clock' | 'ids'> & {
  /** Ends what the token holds open. */
  readonly revoked: (tokenId: string) => void
}

const tags = ['tokens']

export function tokenRoutes(api: Api, deps: Deps): void {
  api.get(
    '/tokens',
    {
      config: { scope: 'admin' },
      schema: { tags, summary: 'List tokens', response: { 200: page(wire.Token) } },
    },
    async ({ principal }) => {
      const tokens = await deps.store.listTokens(principal.accountId)
      return { data: tokens.map(toWireToken), nextCursor: null }
    },
  )

  api.post(
    '/tokens',
    {
      config: { scope: 'admin' },
      schema: {
        tags,
        summary: 'Issue a token; this answer is the only one that shows it',
        body: requests.NewToken,
        response: { 201: wire.IssuedToken },
      },
    },
    async ({ principal, body }, reply) => {
      const expiresAt = body.expiresAt ? readInstant(body.expiresAt, 'expiresAt') : null
      const { accountId } = principal
      const { name, scopes = ['read'] } = body
      const { token, secret } = await createToken(deps, { accountId, name, scopes, expiresAt })
      return reply.code(201).send({ ...toWireToken(token), token: secret })
    },
  )

  api.delete(
    '/tokens/:id',
    {
      config: { scope: 'admin' },
      schema: {
        tags,
        summary: 'Revoke a token; it fails from the next request on',
        params: Type.Object({ id: Type.String() }),
        response: { 204: Type.Null({ description: 'Revoked' }) },
      },
    },
    async ({ principal, params: { id } }, reply) => {
      const deleted = await deps.store.deleteToken(principal.accountId, id)
      if (!deleted) notFound('token', id)
      deps.revoked(id)
      return reply.code(204).send(null)
    },
  )
}
