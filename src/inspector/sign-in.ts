/**
 * How a browser gets in and out: with a token, or once with the code of the first start. These routes
 * check by themselves who may use them; all but the first are refused to pages of other sites, so that
 * nobody is signed in as somebody else behind their back.
 */
import { Type } from 'typebox'
import { refuseOtherSites } from '../account/sessions.ts'
import type { Sessions } from '../account/sessions.ts'
import type { SetUp } from '../account/set-up.ts'
import { AppError } from '../errors.ts'
import type { Api } from './api.ts'
import { toWireToken } from './to-wire-workflow.ts'
import * as wire from './wire-instance.ts'
import { strict } from './wire.ts'

type Deps = { readonly sessions: Sessions; readonly setUp: SetUp }

const hide = true
const Secret = Type.String({ minLength: 1, maxLength: 512 })
const door = { scope: 'door' } as const

export function signInRoutes(api: Api, { sessions, setUp }: Deps): void {
  api.get(
    '/session',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['meta'],
        summary: 'Read what the caller may do',
        response: { 200: wire.Caller },
      },
    },
    async ({ principal }) => ({ scopes: principal.scopes }),
  )

  api.post(
    '/session',
    { config: door, schema: { hide, body: Type.Object({ token: Secret }, strict) } },
    async (request, reply) => {
      refuseOtherSites(request)
      const { principal, cookie } = await sessions.open(request.body.token).catch(refuseSignIn)
      return reply.header('set-cookie', cookie).send({ scopes: principal.scopes })
    },
  )

  api.delete('/session', { config: door, schema: { hide } }, async (request, reply) =>
    reply
      .header('set-cookie', await sessions.close(request))
      .code(204)
      .send(null),
  )

  api.post(
    '/setup',
    { config: door, schema: { hide, body: Type.Object({ code: Secret }, strict) } },
    async (request, reply) => {
      refuseOtherSites(request)
      const { token, secret } = await setUp.redeem(request.body.code)
      const { cookie } = await sessions.open(secret)
      return reply
        .header('set-cookie', cookie)
        .code(201)
        .send({ ...toWireToken(token), token: secret })
    },
  )
}

/** The sentence for a person at the form, who knows nothing of headers. */
function refuseSignIn(cause: unknown): never {
  if (!(cause instanceof AppError) || cause.code !== 'unauthorized') throw cause
  throw new AppError('sign_in_refused', { reason: String(cause.values['reason']) }, { cause })
}
