/**
 * The frame that every route of the API hangs in: JSON in and out, one check of requests, one shape of
 * refusals, and a scope for each route, without which it does not start.
 *
 * Invariant: a route under /api/v1 runs only after its caller proved a principal with the route's
 * scope; the table of routes below is what the tests of authorisation are generated from.
 */
import { createServer } from 'node:http'
import Fastify from 'fastify'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawServerDefault,
  RouteOptions,
} from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { allows } from '../account/tokens.ts'
import { AppError } from '../errors.ts'
import type { Principal, Scope } from '../model/account.ts'
import { limits } from '../model/limits.ts'
import type { Identify } from './caller.ts'
import { compileCheck } from './check-request.ts'
import type { InspectorDeps } from './ports.ts'
import { appErrorOf, problemOf, refusalHeaders, refuse } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The scope a caller needs. `open` needs no token and is listed; `door` is for the pages and for
     * signing in, which see to it by themselves who comes through, and is no route of the API.
     */
    scope?: Scope | 'open' | 'door'
  }
  interface FastifyRequest {
    principal: Principal
  }
}

export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export type RouteRow = {
  readonly method: string
  readonly url: string
  readonly scope: Scope | 'open'
}

export const API = '/api/v1'

type Deps = { readonly identify: Identify; readonly log: InspectorDeps['log'] }

/** A Fastify without routes, and the table that fills as they are added. It never listens. */
export function createApi(deps: Deps): { readonly api: Api; readonly routes: readonly RouteRow[] } {
  const routes: RouteRow[] = []
  const api: Api = Fastify({
    bodyLimit: limits.apiBodyBytes,
    routerOptions: { maxParamLength: limits.requestHeaderBytes },
    serverFactory: (handler) => createServer(handler),
    frameworkErrors: (error, _, reply) => {
      refuse(reply.raw, appErrorOf(error))
    },
  }).withTypeProvider<TypeBoxTypeProvider>()
  api.setValidatorCompiler(compileCheck)
  api.setSerializerCompiler(() => JSON.stringify)
  readJsonOnly(api)
  authorise(api, deps.identify)
  answerRefusals(api, deps.log, routes)
  api.addHook('onRoute', (route) => {
    const scope = scopeOf(route)
    for (const method of [route.method].flat()) {
      if (scope !== 'door') routes.push({ method, url: route.url, scope })
    }
    if (route.url.startsWith(API)) refuseStrayParameters(route)
  })
  return { api, routes }
}

function scopeOf({ url, config }: RouteOptions): Scope | 'open' | 'door' {
  if (config?.scope === undefined) throw new Error(`Route ${url} does not say which scope it needs`)
  return config.scope
}

/** A parameter that a route does not know is refused, on routes that know none as well. */
function refuseStrayParameters(route: RouteOptions): void {
  const none = Type.Object({}, { additionalProperties: false })
  route.schema = { querystring: none, ...route.schema }
}

/** One media type; an empty body is no body, as clients send the header with either. */
function readJsonOnly(api: Api): void {
  const parse = api.getDefaultJsonParser('error', 'error')
  api.removeAllContentTypeParsers()
  api.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text === '') return done(null, undefined)
    void parse(request, text as string, (refused, body) => {
      if (refused) done(new AppError('invalid_request', { reason: whyNotTaken(text as string) }))
      else done(null, body)
    })
  })
}

/** Fastify says of a key that is refused that the body is no JSON, and of bad JSON not where it is bad. */
function whyNotTaken(text: string): string {
  try {
    JSON.parse(text)
    return 'the body has a key __proto__, or a constructor with a prototype, which no body may have'
  } catch (error) {
    return `the body is not JSON: ${(error as Error).message}`
  }
}

function authorise(api: Api, identify: Identify): void {
  api.decorateRequest('principal')
  api.addHook('onRequest', async (request: FastifyRequest) => {
    const { scope } = request.routeOptions.config
    if (scope === undefined) return // no such route, so a 404 follows
    if (scope === 'open' || scope === 'door') return
    const principal = await identify(request)
    if (!allows(principal, scope)) {
      const action = `${request.method} ${request.routeOptions.url}`
      throw new AppError('forbidden', { action, scope })
    }
    request.principal = principal
  })
}

function answerRefusals(api: Api, log: Deps['log'], routes: readonly RouteRow[]): void {
  api.setErrorHandler((thrown: Error, request, reply) => {
    const refusal = appErrorOf(thrown)
    if (refusal.code === 'internal') {
      const route = `${request.method} ${request.routeOptions.url}`
      log.error('the API failed to answer', { route, error: thrown })
    }
    // Fastify closes the connection on what is too large: its sender would see a reset, and no answer.
    if (refusal.status === 413) reply.removeHeader('connection')
    // As bytes: Fastify would add a charset to the type, which RFC 9457's media type does not have.
    const body = Buffer.from(JSON.stringify(problemOf(refusal)))
    return reply.code(refusal.status).headers(refusalHeaders(refusal)).send(body)
  })
  api.setNotFoundHandler((request) => {
    const path = request.url.split('?', 1)[0]!
    const allowed = routes.filter(({ url }) => matches(url, path)).map(({ method }) => method)
    if (allowed.length === 0) throw new AppError('route_unknown', { path: path.slice(0, 200) })
    throw new AppError('method_not_allowed', {
      method: request.method,
      allowed: [...new Set(allowed)].join(', '),
    })
  })
}

/** Whether a path is one of a route's: `:id` stands for one segment. */
function matches(route: string, path: string): boolean {
  const wanted = route.split('/')
  const given = path.split('/')
  return (
    wanted.length === given.length &&
    wanted.every((segment, i) => segment.startsWith(':') || segment === given[i])
  )
}
