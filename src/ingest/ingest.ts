/**
 * HTTP in: a request to `/t/<key>...` becomes a durable event (SPEC section 2). The order is: who is
 * meant, may it come now, all of its body, into the store, and only then `{"success":true}`. The run
 * is not waited for. The body stays opaque here: it is parsed where it is used.
 *
 * A body over the limit is listed as an event with that error, without its bytes: a cut body would
 * read as another one. A request that ends early or breaks HTTP becomes nothing.
 *
 * Where the workflow answers by `$respond`, the run is waited for, and the event is durable all the same
 * before its run begins.
 *
 * Invariant: 200 is answered only after `store.admit` resolved for this event.
 */
import { hash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock, IdSource } from '../clock.ts'
import { AppError, assertNever } from '../errors.ts'
import type { HeaderPair, NewEvent, RawRequest } from '../model/event.ts'
import { limits } from '../model/limits.ts'
import type { Endpoint, WorkflowSettings } from '../model/workflow.ts'
import type { Notifier } from '../notifier/notifier.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { Admission } from './admission.ts'
import {
  answerAccepted,
  answerPreflight,
  answerProblem,
  answerResponse,
  isPreflight,
} from './answers.ts'
import { BodyMemory } from './body-memory.ts'
import { EndpointCache } from './endpoint-cache.ts'
import type { AnswerHandOver, EventHandOver, ExpectedAnswer } from '../hand-over.ts'
import { RateLimit } from './rate-limit.ts'
import { readBody } from './read-body.ts'
import { refuseAsPart, RunAnswers } from './run-answer.ts'
import { createSenderReader } from './sender.ts'
import type { Sender } from './sender.ts'
import { checkBearer, checkSignature } from './trigger-auth.ts'
import type { SenderSecrets } from './trigger-auth.ts'
import { keyOfHost, parseTriggerTarget, targetOfHost } from './trigger-target.ts'
import type { TriggerTarget } from './trigger-target.ts'

export type IngestDeps = {
  readonly store: Pick<Store, 'admit' | 'findEndpoint'>
  readonly notifier: Pick<Notifier, 'publish' | 'subscribe'>
  readonly clock: Clock
  readonly ids: IdSource
  readonly handOver: EventHandOver
  readonly answers: AnswerHandOver
  readonly variables: SenderSecrets
  readonly metrics: Pick<Metrics, 'eventAnswered' | 'eventsAdmitted'>
  readonly log: Pick<Log, 'info' | 'error'>
}

export type IngestOptions = {
  readonly bodyLimitBytes: number
  readonly trustedProxies: readonly string[]
  readonly publicUrl: string | null
  /** Hosts below it name endpoints too. */
  readonly triggerDomain?: string | null
  /** What bodies may hold in memory together, from their first byte to their answer. */
  readonly bodyMemoryBytes?: number
}

/** An event that is durable; `answer` where its request waits for the run. */
type Accepted = {
  readonly id: string
  readonly answer?: ExpectedAnswer
  readonly timeoutMs: number
}

const NO_BODY = new Uint8Array(0)

export const createIngest = (deps: IngestDeps, options: IngestOptions): Ingest =>
  new Ingest(deps, options)

export class Ingest {
  readonly #deps: IngestDeps
  readonly #options: IngestOptions
  readonly #endpoints: EndpointCache
  readonly #rates: RateLimit
  readonly #admission: Admission
  readonly #readSender: (request: IncomingMessage) => Sender
  readonly #memory: BodyMemory
  readonly #runAnswers = new RunAnswers()
  #inFlight = 0
  #draining = false
  #drained: (() => void) | undefined

  constructor(deps: IngestDeps, options: IngestOptions) {
    this.#deps = deps
    this.#options = options
    this.#endpoints = new EndpointCache(deps)
    this.#rates = new RateLimit(deps.clock)
    this.#admission = new Admission(deps)
    this.#memory = new BodyMemory(options.bodyMemoryBytes ?? limits.admitQueueBytes)
    this.#readSender = createSenderReader(options)
  }

  /** Answers a request whose target is below `/t/`. `100 Continue` is sent here, once the body is wanted. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    if (isPreflight(request)) return answerPreflight(request, response)
    this.#inFlight++
    void this.#answer(request, response).finally(() => {
      this.#inFlight--
      if (this.#inFlight === 0) this.#drained?.()
    })
  }

  /** From now on answers 503; resolves when the requests in flight are answered or gone. */
  async stop(): Promise<void> {
    this.#draining = true
    this.#endpoints.close()
    this.#runAnswers.drain()
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#drained = resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, metrics, log } = this.#deps
    const startedAt = clock.monotonicMs()
    try {
      const accepted = await this.#accept(request, response)
      if (accepted === undefined) return
      const { id, answer, timeoutMs } = accepted
      if (!answer) answerAccepted(response)
      const durationMs = clock.monotonicMs() - startedAt
      metrics.eventAnswered(200, durationMs)
      log.info('event', { id, status: 200, durationMs })
      if (!answer) return
      const given = await this.#runAnswers.wait(answer, response, timeoutMs)
      if (!given) return
      refuseAsPart(request)
      answerResponse(response, given)
    } catch (cause) {
      // A failure that is none of the catalogue's is a bug; the sender hears that nothing was stored.
      const error = cause instanceof AppError ? cause : new AppError('internal', {}, { cause })
      answerProblem(request, response, error)
      const { status, code } = error
      const durationMs = clock.monotonicMs() - startedAt
      metrics.eventAnswered(status, durationMs)
      if (code === 'internal' || code === 'trigger_auth_unset')
        log.error('event failed', { status, code, durationMs, error })
      else log.info('event refused', { status, code, durationMs })
    }
  }

  /** The event; undefined when the sender is gone. Every refusal is an `AppError`. */
  async #accept(request: IncomingMessage, response: ServerResponse): Promise<Accepted | undefined> {
    if (this.#draining) throw new AppError('draining')
    const target = this.#targetOf(request)
    if (target === undefined) throw new AppError('endpoint_unknown')
    const { key, path } = target
    const sender = this.#readSender(request)
    const idempotencyKey = idempotencyKeyOf(request)
    // Awaited only if it must be: with its listeners in place when the body comes, Node need not buffer.
    const endpoint = this.#usableEndpoint(key)
    const meant = endpoint instanceof Promise ? await endpoint : endpoint
    const { workflowId, settings } = meant
    if (settings.triggerAuth) await checkBearer(this.#deps.variables, meant, request.headers)
    this.#spend(workflowId, settings.rate)
    const { bodyLimitBytes } = this.#options
    const read = await readBody(request, response, bodyLimitBytes, this.#memory, workflowId)
    switch (read.kind) {
      case 'complete':
        try {
          if (settings.triggerAuth) await this.#checkSignature(meant, request, read.body)
          const raw = toRawRequest(request, path, sender, read.body)
          return await this.#admit(key, raw, idempotencyKey)
        } finally {
          this.#memory.give(workflowId, read.body.length)
        }
      case 'too_large':
        return await this.#listRefused(key, toRawRequest(request, path, sender, NO_BODY))
      case 'no_room':
        throw new AppError('overloaded', { what: 'the memory for bodies' })
      case 'broken':
        return undefined
      default:
        return assertNever(read)
    }
  }

  #targetOf({ url = '', headers }: IncomingMessage): TriggerTarget | undefined {
    const hostKey = keyOfHost(headers.host, this.#options.triggerDomain ?? null)
    return hostKey === undefined ? parseTriggerTarget(url) : targetOfHost(hostKey, url)
  }

  #checkSignature(endpoint: Endpoint, request: IncomingMessage, body: Uint8Array): Promise<void> {
    const { variables: secrets, clock } = this.#deps
    return checkSignature({ secrets, clock }, endpoint, request.headers, body)
  }

  #usableEndpoint(key: string): Endpoint | Promise<Endpoint> {
    const found = this.#endpoints.find(key)
    return found instanceof Promise ? found.then(usable) : usable(found)
  }

  #spend(workflowId: string, rate: WorkflowSettings['rate']): void {
    const waitSeconds = this.#rates.take(workflowId, rate)
    if (waitSeconds === 0) return
    const { perSecond } = rate
    throw new AppError('rate_limited', { perSecond, retryAfterSeconds: waitSeconds })
  }

  /** The endpoint is asked for again: while the body came it may have been saved, or suspended. */
  async #admit(key: string, request: RawRequest, idempotencyKey: string | null): Promise<Accepted> {
    const endpoint = await this.#usableEndpoint(key)
    const idempotency =
      idempotencyKey === null
        ? null
        : { key: idempotencyKey, bodyHash: hash('sha256', request.body, 'hex') }
    const event = this.#eventOf(endpoint, request, null, idempotency)
    const { response, timeoutMs } = endpoint.settings
    const answer = response === 'custom' ? this.#deps.answers.expect(event.id) : undefined
    try {
      const admitted = await this.#admission.admit(event)
      if (admitted.kind === 'mismatch') {
        throw new AppError('idempotency_mismatch', { key: admitted.key })
      }
      if (answer && admitted.kind === 'created') return { id: admitted.id, answer, timeoutMs }
      answer?.cancel() // What the run of the event answered is not kept: it was accepted, is all there is.
      return { id: admitted.id, timeoutMs }
    } catch (error) {
      answer?.cancel()
      throw error
    }
  }

  async #listRefused(key: string, request: RawRequest): Promise<never> {
    const error = new AppError('body_too_large', { limit: this.#options.bodyLimitBytes })
    const { code, message } = error
    const endpoint = await this.#usableEndpoint(key)
    await this.#admission.admit(this.#eventOf(endpoint, request, { code, message }, null))
    throw error
  }

  #eventOf(
    { accountId, workflowId, version }: Endpoint,
    request: RawRequest,
    error: NewEvent['error'],
    idempotency: NewEvent['idempotency'],
  ): Omit<NewEvent, 'leased'> {
    return {
      accountId,
      id: this.#deps.ids.next('evt'),
      workflowId,
      version,
      receivedAt: this.#deps.clock.nowMs(),
      request,
      error,
      replayOf: null,
      test: false,
      steps: null,
      idempotency,
    }
  }
}

function usable(endpoint: Endpoint | undefined): Endpoint {
  if (endpoint === undefined || !endpoint.active) throw new AppError('endpoint_unknown')
  if (endpoint.suspended) throw new AppError('endpoint_suspended')
  return endpoint
}

function toRawRequest(
  request: IncomingMessage,
  path: string,
  sender: Sender,
  body: Uint8Array,
): RawRequest {
  const { rawHeaders } = request
  const headers: HeaderPair[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i]!, rawHeaders[i + 1]!])
  return {
    method: request.method ?? '',
    scheme: sender.scheme,
    host: sender.host,
    uri: request.url ?? '',
    path,
    httpVersion: request.httpVersion,
    clientIp: sender.clientIp,
    headers,
    body,
  }
}

function idempotencyKeyOf(request: IncomingMessage): string | null {
  const { 'idempotency-key': idempotencyKey, 'webhook-id': webhookId } = request.headers
  const key = idempotencyKey || webhookId
  if (typeof key !== 'string' || key === '') return null
  if (key.length <= limits.idempotencyKeyLength) return key
  const reason = `an Idempotency-Key has at most ${limits.idempotencyKeyLength} characters`
  throw new AppError('invalid_request', { reason })
}
