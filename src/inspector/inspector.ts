/**
 * The inspector: the HTTP API over what the store holds, and the live streams. It has no socket of its
 * own: one listener serves both doors and hands over every request that is not a trigger's.
 *
 * Invariant: it only reads rows and writes a person's decisions; what an event does is execution's and
 * delivery's, reached through the two verbs of `Execution` and a wake-up.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createAuthenticate } from '../account/authenticate.ts'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import type { Service } from '../service.ts'
import { API, createApi } from './api.ts'
import type { Api, RouteRow } from './api.ts'
import { deliveryRoutes } from './deliveries.ts'
import { eventRoutes } from './events.ts'
import { healthRoutes, Readiness } from './health.ts'
import { LiveStreams } from './live.ts'
import { describeRoutes, openapiRoute } from './openapi.ts'
import type { InspectorDeps, InspectorOptions } from './ports.ts'
import { refuse } from './problem.ts'
import { testRoutes } from './test-runs.ts'
import { tokenRoutes } from './tokens.ts'
import { workflowRoutes } from './workflows.ts'

export type Inspector = Service & {
  /** Answers one request. Before `start` and after `stop` it is refused. */
  handle(request: IncomingMessage, response: ServerResponse): void
  /**
   * What `readyz` says; `start` does not make it true. Not ready again means draining: live streams
   * end, so that their connections can.
   */
  setReady(ready: boolean): void
  /** Every route with the scope it needs, complete once started. */
  readonly routes: readonly RouteRow[]
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const

export function createInspector(deps: InspectorDeps, options: InspectorOptions): Inspector {
  const authenticate = createAuthenticate(deps, options.adminToken)
  const live = new LiveStreams(
    { ...deps, authenticate },
    {
      heartbeatMs: options.heartbeatMs ?? limits.liveHeartbeatMs,
      capacity: options.liveStreams ?? limits.liveStreams,
    },
  )
  const readiness = new Readiness(deps)
  const { api, routes } = createApi({ authenticate, log: deps.log })
  addRoutes(api, routes, deps, options, live, readiness)
  let state: 'starting' | 'open' | 'draining' = 'starting'
  return {
    routes,
    setReady: (ready) => {
      readiness.set(ready)
      if (!ready) live.drain()
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
      else refuse(response, new AppError(state))
    },
  }
}

function addRoutes(
  api: Api,
  routes: readonly RouteRow[],
  deps: InspectorDeps,
  { baseUrl }: InspectorOptions,
  live: LiveStreams,
  readiness: Readiness,
): void {
  describeRoutes(api)
  api.after(() => healthRoutes(api, deps, readiness))
  void api.register(
    async (scoped: Api) => {
      workflowRoutes(scoped, { ...deps, baseUrl })
      eventRoutes(scoped, deps)
      testRoutes(scoped, deps)
      deliveryRoutes(scoped, deps)
      tokenRoutes(scoped, { ...deps, revoked: (tokenId) => live.revoke(tokenId) })
      live.addRoutes(scoped)
      openapiRoute(scoped, routes)
    },
    { prefix: API },
  )
}
