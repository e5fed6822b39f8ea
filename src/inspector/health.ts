/**
 * Health and figures. Outside /api/v1, `livez` says that the process answers; `readyz` that it may be
 * sent traffic: it has started, is not stopping, and its store takes writes. `metrics` asks for a token.
 */
import type { ServerResponse } from 'node:http'
import { AppError } from '../errors.ts'
import type { Clock } from '../clock.ts'
import { limits } from '../model/limits.ts'
import type { Backlog } from '../store/inspect.ts'
import type { Store } from '../store/store.ts'
import type { Api } from './api.ts'
import { instant } from './instant.ts'
import type { InspectorDeps } from './ports.ts'
import * as wire from './wire-instance.ts'
import type { HealthWire } from './wire-instance.ts'

type Deps = Pick<InspectorDeps, 'store' | 'clock' | 'metrics'>
type AboutDeps = Pick<InspectorDeps, 'store' | 'clock' | 'about'>

export class Readiness {
  readonly #check: () => Promise<void>
  #state: 'starting' | 'ready' | 'draining' = 'starting'

  constructor(deps: { readonly store: Pick<Store, 'check'>; readonly clock: Clock }) {
    this.#check = cachedCheck(deps.store, deps.clock)
  }

  /** After it was ready once, a server that is not ready is stopping. */
  set(ready: boolean): void {
    if (ready) this.#state = 'ready'
    else if (this.#state === 'ready') this.#state = 'draining'
  }

  /** Whether the store takes writes. */
  async storeWorks(): Promise<boolean> {
    return this.#check().then(
      () => true,
      () => false,
    )
  }

  /** Rejects with `starting`, `draining` or `store_unavailable`. */
  async confirm(): Promise<void> {
    if (this.#state !== 'ready') throw new AppError(this.#state)
    await this.#check()
  }
}

const LIVE = { status: 'live' } as const

/** Answers `livez` while the API itself does not. */
export function answerLive(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(LIVE))
}

export function healthRoutes(api: Api, deps: Deps, readiness: Readiness): void {
  const schema = { hide: true }
  api.get('/livez', { config: { scope: 'open' }, schema }, async () => LIVE)

  api.get('/readyz', { config: { scope: 'open' }, schema }, async () => {
    await readiness.confirm()
    return { status: 'ready' }
  })

  api.get('/metrics', { config: { scope: 'read' }, schema }, async (_, reply) => {
    if (!deps.metrics)
      throw new AppError('not_supported', { action: 'show metrics', reason: 'none are kept' })
    const { contentType, body } = await deps.metrics.render()
    return reply.type(contentType).serializer(String).send(body)
  })
}

/** For people, within the API: what is in force here, and how far behind the server is. */
export function aboutRoute(api: Api, deps: AboutDeps, readiness: Readiness): void {
  const startedMs = deps.clock.monotonicMs()
  api.get(
    '/health',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['meta'],
        summary: 'Read how the server is',
        response: { 200: wire.Health },
      },
    },
    async () => {
      const { about, store, clock } = deps
      const [ok, backlog] = await Promise.all([
        readiness.storeWorks(),
        store.inspect.backlog().then(toWireBacklog, () => null),
      ])
      return {
        version: about.version,
        isolation: about.isolation(),
        store: { kind: about.store, ok },
        backlog,
        uptimeSeconds: Math.floor((clock.monotonicMs() - startedMs) / 1000),
      }
    },
  )
}

const toWireBacklog = (backlog: Backlog): HealthWire['backlog'] => ({
  ...backlog,
  oldestQueuedAt: backlog.oldestQueuedAt === null ? null : instant(backlog.oldestQueuedAt),
})

/** One check at a time, its verdict kept for a second, so that probes cost the store next to nothing. */
function cachedCheck(store: Pick<Store, 'check'>, clock: Clock): () => Promise<void> {
  let verdict: Promise<void> | undefined
  let askedAt = 0
  return () => {
    const now = clock.monotonicMs()
    if (!verdict || now - askedAt > limits.readyCacheMs) {
      askedAt = now
      verdict = boundedCheck(store)
    }
    return verdict
  }
}

function boundedCheck(store: Pick<Store, 'check'>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const late = setTimeout(() => {
    const reason = `the store did not answer within ${limits.readyCheckMs} ms`
    reject(new AppError('store_unavailable', { reason }))
  }, limits.readyCheckMs)
  store
    .check()
    .then(resolve, reject)
    .finally(() => clearTimeout(late))
  return promise
}
