/**
 * The inspector: the HTTP API over what the store holds, and the live streams. It has no socket of its
 * own: one listener serves both doors and hands over every request that is not a trigger's.
 *
 * Invariant: it only reads rows and writes a person's decisions; what an event does is execution's and
 * delivery's, reached through the two verbs of `Execution` and a wake-up.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createAuthenticate, createProve } from '../account/authenticate.ts'
import { createSessions } from '../account/sessions.ts'
import { createSetUp } from '../account/set-up.ts'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import type { Service } from '../service.ts'
import { API, createApi } from './api.ts'
import type { Api, RouteRow } from './api.ts'
import { createIdentify } from './caller.ts'
import { checkRoute } from './check-steps.ts'
import { bulkRoutes } from './bulk.ts'
import { deliveryRoutes } from './deliveries.ts'
import { destinationRoutes } from './destinations.ts'
import { eventRoutes } from './events.ts'
import { envRoutes } from './env.ts'
import { instanceRoutes } from './instance.ts'
import { aboutRoute, answerLive, healthRoutes, Readiness } from './health.ts'
import { LiveStreams } from './live.ts'
import { describeRoutes, openapiRoute } from './openapi.ts'
import type { InspectorDeps, InspectorOptions } from './ports.ts'
import { refuse } from './problem.ts'
import { signInRoutes } from './sign-in.ts'
import { signingRoutes } from './signing.ts'
import { statsRoutes } from './stats.ts'
import { testRoutes } from './test-runs.ts'
import { tokenRoutes } from './tokens.ts'
import { webRoutes } from './web.ts'
import { workflowRoutes } from './workflows.ts'

export type Inspector = Service & {
  /** Answers one request. Before `start` and after `stop` it is refused, unless it is to `livez`. */
  handle(request: IncomingMessage, response: ServerResponse): void
  /**
   * What `readyz` says; `start` does not make it true. Not ready again means draining: live streams end,
   * so that their connections can, and from now on everything but `livez` is refused.
   */
  setReady(ready: boolean): void
  /** Every route with the scope it needs, complete once started. */
  readonly routes: readonly RouteRow[]
  /** The path that makes its first visitor the owner; null once there is a token of any kind. */
  offerSetUp(): Promise<string | null>
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const

export function createInspector(deps: InspectorDeps, options: InspectorOptions): Inspector {
  const { adminToken, baseUrl } = options
  const authenticate = createAuthenticate(deps, adminToken)
  const prove = createProve(deps, adminToken)
  const sessions = createSessions({ ...deps, prove }, () => baseUrl().startsWith('https:'))
  const setUp = createSetUp(deps)
  const identify = createIdentify(authenticate, sessions)
  const live = new LiveStreams(
    { ...deps, identify },
    {
      heartbeatMs: options.heartbeatMs ?? limits.liveHeartbeatMs,
      capacity: options.liveStreams ?? limits.liveStreams,
    },
  )
  const readiness = new Readiness(deps)
  const { api, routes } = createApi({ identify, log: deps.log })
  addRoutes(api, routes, deps, options, live, readiness)
  api.after(() => webRoutes(api))
  void api.register(async (scoped: Api) => signInRoutes(scoped, { sessions, setUp }), {
    prefix: API,
  })
  let state: 'starting' | 'open' | 'draining' = 'starting'
  return {
    routes,
    offerSetUp: async () => {
      const code = adminToken === null ? await setUp.offer() : null
      return code && `/setup#${code}`
    },
    setReady: (ready) => {
      readiness.set(ready)
      if (ready) return
      live.drain()
      if (state === 'open') state = 'draining'
    },
    start: async () => {
      await api.ready()
      if (state === 'starting') state = 'open'
    },
    stop: async () => {
      state = 'draining'
      readiness.set(false)
      live.drain()
      await api.close()
    },
    handle: (request, response) => {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
      if (state === 'open') api.routing(request, response)
      else if (isLivenessProbe(request)) answerLive(response)
      else refuse(response, new AppError(state))
    },
  }
}

/** Alive is a server before it has started too, and until it has stopped: killing it would not help. */
const isLivenessProbe = ({ method, url }: IncomingMessage): boolean =>
  method === 'GET' && url === '/livez'

function addRoutes(
  api: Api,
  routes: readonly RouteRow[],
  deps: InspectorDeps,
  options: InspectorOptions,
  live: LiveStreams,
  readiness: Readiness,
): void {
  describeRoutes(api)
  api.after(() => healthRoutes(api, deps, readiness))
  void api.register(
    async (scoped: Api) => {
      workflowRoutes(scoped, { ...deps, baseUrl: options.baseUrl })
      statsRoutes(scoped, deps)
      eventRoutes(scoped, deps)
      testRoutes(scoped, deps)
      checkRoute(scoped, deps)
      deliveryRoutes(scoped, deps)
      bulkRoutes(scoped, deps)
      destinationRoutes(scoped, deps)
      tokenRoutes(scoped, { ...deps, revoked: (tokenId) => live.revoke(tokenId) })
      envRoutes(scoped, deps)
      signingRoutes(scoped, deps)
      aboutRoute(scoped, deps, readiness)
      live.addRoutes(scoped)
      instanceRoutes(scoped, options)
      openapiRoute(scoped, routes)
    },
    { prefix: API },
  )
}
