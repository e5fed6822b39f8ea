/**
 * One attempt at a delivery: from a task whose attempt is on record as begun to an `Attempt` that tells
 * the whole story. It never rejects: everything that can happen to a request is an outcome.
 *
 *   build the request ──► judge its URL ──► exchange it ──► 3xx and asked to follow? once more
 *          │                   │                │                         │
 *          └───────────────────┴── one fault with one code ───────────────┴──► record
 *
 * Success is 2xx. What a failed attempt leads to is not decided here but in after-attempt.ts.
 */
import type { Clock } from '../clock.ts'
import type { Egress } from '../egress/egress.ts'
import type { Attempt, DeliveryTask } from '../model/delivery.ts'
import type { HeaderPair } from '../model/event.ts'
import { redactHeaders, redactUrl } from '../model/redact.ts'
import type { Connection, Exchange } from './connection.ts'
import { DeliveryFault, faultOf } from './fault.ts'
import type { Fault } from './fault.ts'
import { redirectOf } from './redirect.ts'
import type { Protect } from './protect.ts'
import { headersOf, requestOf } from './request.ts'
import type { OutgoingRequest } from './request.ts'
import { signed } from './sign.ts'

export type AttemptDeps = {
  readonly egress: Egress
  readonly clock: Clock
  /** `Sendoff/<version> (+<abuse url>)`. */
  readonly userAgent: () => string
  /** What a workflow's requests are signed with. Rejects with a `DeliveryFault`. */
  readonly signingKeys: (accountId: number, workflowId: string) => Promise<readonly Uint8Array[]>
  /** Takes the secrets out of what goes on record. */
  readonly protect: Protect
  /** The task with its request opened, where that is sealed. Rejects where it does not open. */
  readonly unseal: (task: DeliveryTask) => Promise<DeliveryTask>
}

export type Attempted = {
  readonly attempt: Attempt
  /** The failure was ours, not the destination's. */
  readonly ours: boolean
}

/** Where an attempt has got to: its latest request, and what came of that. */
type Journey = { request: OutgoingRequest | null; exchange: Exchange | null }

/** Makes the attempt. `connect` gives a connection to an origin, for one exchange. */
export async function attempt(
  deps: AttemptDeps,
  waiting: DeliveryTask,
  connect: (origin: string) => Connection,
): Promise<Attempted> {
  let task = waiting
  const startedAt = deps.clock.nowMs()
  const began = deps.clock.monotonicMs()
  const deadline = began + task.send.timeoutMs
  const journey: Journey = { request: null, exchange: null }
  let fault: Fault | null = null
  try {
    if (task.sealed !== null) task = await opened(deps, task)
    const keys = task.send.signed
      ? await deps.signingKeys(task.accountId, task.workflowId)
      : NO_KEYS
    const first = requestOf(task, deps.userAgent(), startedAt)
    const prepare = (request: OutgoingRequest) => signed(request, keys)
    await travel({ ...deps, connect, prepare }, first, task.send.followRedirects, deadline, journey)
  } catch (error) {
    fault = faultOf(error, journey.exchange?.progress ?? 'connecting')
  }
  const { request, exchange } = journey
  const made: Attempt = {
    number: task.attempt,
    startedAt,
    outcome: fault ? (fault.code === 'blocked' ? 'blocked' : 'failed') : 'delivered',
    code: fault?.code ?? null,
    remoteAddress: exchange?.remoteAddress ?? null,
    timings: {
      queuedMs: Math.max(0, startedAt - task.dueAt),
      dnsMs: exchange?.opened?.dnsMs ?? null,
      connectMs: exchange?.opened?.connectMs ?? null,
      tlsMs: exchange?.opened?.tlsMs ?? null,
      firstByteMs: exchange?.firstByteAt ? exchange.firstByteAt - began : null,
      totalMs: deps.clock.monotonicMs() - began,
    },
    request: request && shown(request),
    response: exchange?.response ?? null,
    error: fault && { message: fault.message, detail: fault.detail },
  }
  const protectedOne = deps.protect(task, made)
  return {
    ours: fault?.ours ?? false,
    attempt: protectedOne instanceof Promise ? await protectedOne : protectedOne,
  }
}

const NO_KEYS: readonly Uint8Array[] = []

async function opened({ unseal }: AttemptDeps, task: DeliveryTask): Promise<DeliveryTask> {
  try {
    return await unseal(task)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new DeliveryFault('protocol', 'request_unreadable', message)
  }
}

type Road = {
  readonly connect: (origin: string) => Connection
  /** Signs it: of each hop what is sent there. */
  readonly prepare: (request: OutgoingRequest) => OutgoingRequest
}

/** Goes from request to response, and on where a redirect is followed. Throws whatever went wrong. */
async function travel(
  deps: Pick<AttemptDeps, 'egress' | 'clock'> & Road,
  first: OutgoingRequest,
  followRedirects: number,
  deadline: number,
  journey: Journey,
): Promise<void> {
  let next: OutgoingRequest | null = first
  for (let hop = 0; next; hop++) {
    const request: OutgoingRequest = deps.prepare(next)
    journey.request = request
    journey.exchange = null
    const connection = deps.connect(request.url.origin)
    if (!connection.wasUsed) {
      const verdict = deps.egress.judgeUrl(request.url)
      if (verdict.kind === 'refused')
        throw new DeliveryFault('blocked', verdict.code, verdict.because)
    }
    const exchange = await connection.exchange(request, deadline - deps.clock.monotonicMs())
    journey.exchange = exchange
    if (exchange.error !== null) throw exchange.error
    next = redirectOf(request, exchange.response!, hop, followRedirects)
    if (!next && !isSuccess(exchange.response!.status)) {
      throw new DeliveryFault(
        'http_status',
        'http_status',
        `Cannot deliver: the destination answered ${exchange.response!.status}`,
      )
    }
  }
}

const isSuccess = (status: number): boolean => status >= 200 && status <= 299

/** The request as it is shown: as sent, what the client adds included, secrets masked. */
function shown(request: OutgoingRequest): Attempt['request'] {
  const { method, url, body } = request
  const before: readonly HeaderPair[] = [
    ['host', url.host],
    ['connection', method === 'HEAD' ? 'close' : 'keep-alive'],
  ]
  const length = body?.length ?? 0
  const after: readonly HeaderPair[] =
    length > 0 || WITH_BODY.has(method) ? [['content-length', String(length)]] : []
  return {
    method,
    url: redactUrl(url.href),
    headers: redactHeaders([...before, ...headersOf(request), ...after]),
  }
}

/** Of which the client states the length of no body too. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])
