/**
 * One kept-alive HTTP/1.1 connection to an origin, dialled through the egress guard when it is needed:
 * one exchange at a time, one deadline over all of it, from DNS to the last byte of the body.
 *
 * Built on undici's Client, one per connection, so that the socket of an exchange is always known and
 * the deadline can end an exchange in any phase by destroying the client: undici's own timers are idle
 * timers, which a trickle never lets fire, and an AbortSignal is not heard while it connects.
 *
 * Invariant: after an exchange that did not end well the connection is closed, not used again.
 */
import type { Socket } from 'node:net'
import { Client } from 'undici'
import type { Dispatcher } from 'undici'
import type { Clock } from '../clock.ts'
import type { ConnectionFacts, Egress } from '../egress/egress.ts'
import type { CapturedResponse } from '../model/delivery.ts'
import { limits } from '../model/limits.ts'
import { ResponseCapture } from './capture.ts'
import { DeliveryFault, tooLargeHeaders } from './fault.ts'
import type { Progress } from './fault.ts'
import { headersOf } from './request.ts'
import type { OutgoingRequest } from './request.ts'
import { ResponseHead } from './response-head.ts'

export type ConnectionDeps = {
  readonly egress: Pick<Egress, 'connector' | 'factsOf'>
  readonly clock: Clock
}

/** What came of one request, well or badly: never a rejection. */
export type Exchange = {
  readonly remoteAddress: string | null
  /** Of the connection, where it was opened for this exchange. */
  readonly opened: ConnectionFacts | null
  readonly firstByteAt: number | null
  readonly response: CapturedResponse | null
  /** How far it came. */
  readonly progress: Progress
  /** Why it did not end well, else null. */
  readonly error: Error | null
}

/** Idle connections are closed before most servers do, so that none is reused while it is being closed. */
const IDLE_MS = 1_500
const IDLE_MAX_MS = 4_000
/** Then the name is resolved and the address judged anew. */
const AGE_MAX_MS = 60_000

export class Connection {
  readonly #deps: ConnectionDeps
  readonly #client: Client
  readonly #head = new ResponseHead()
  /** The first error of its socket: what undici tells may be what came of it only. */
  #socketError: NodeJS.ErrnoException | undefined
  #onBytes: ((count: number) => void) | undefined
  #socket: Socket | undefined
  #wasDropped = false
  #facts: ConnectionFacts | null = null
  #dials = 0
  #dialling: PromiseWithResolvers<void> | undefined
  #openedAt: number
  #wasUsed = false

  constructor(deps: ConnectionDeps, origin: string) {
    this.#deps = deps
    this.#openedAt = deps.clock.monotonicMs()
    this.#client = new Client(origin, {
      connect: (target, callback) => {
        this.#dialling = Promise.withResolvers()
        deps.egress.connector(target, (...result) => {
          this.#dialled(result[1])
          callback(...result)
        })
      },
      allowH2: false,
      pipelining: 1,
      maxHeaderSize: limits.responseHeaderBytes,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MAX_MS,
    })
  }

  /** Its origin was judged then, and is again at each dial. */
  get wasUsed(): boolean {
    return this.#wasUsed
  }

  /** The peer closed it under a request that was not its first, without a byte of an answer. */
  get wasDropped(): boolean {
    return this.#wasDropped
  }

  /** Whether it may carry another exchange. */
  get isFit(): boolean {
    const age = this.#deps.clock.monotonicMs() - this.#openedAt
    return !this.#client.destroyed && age < AGE_MAX_MS
  }

  /** Sends a request and reads the answer, at most until `timeoutMs` have passed. */
  async exchange(request: OutgoingRequest, timeoutMs: number): Promise<Exchange> {
    const { promise, resolve } = Promise.withResolvers<Error | null>()
    const { clock } = this.#deps
    this.#wasUsed = true
    const dialsBefore = this.#dials
    const capture = new ResponseCapture()
    let progress: Progress = 'connecting'
    let firstByteAt: number | null = null
    let isCut = false

    const timer = setTimeout(() => this.#end(new Deadline(progress)), timeoutMs)
    let received = 0
    this.#onBytes = (count) => {
      received += count
      if (received - capture.received > limits.responseFramingBytes) this.#end(new Endless())
    }
    this.#head.begin()
    this.#client.dispatch(optionsOf(request), {
      onRequestStart: () => (progress = 'waiting'),
      onResponseStarted: () => (firstByteAt ??= clock.monotonicMs()),
      onResponseStart(controller, status) {
        capture.begin(status, controller.rawHeaders as Buffer[])
        if (status >= 200) progress = capture.isChunked ? 'reading_chunks' : 'reading'
      },
      onResponseData(controller, chunk) {
        if (isCut || capture.push(chunk)) return
        isCut = true
        controller.abort(new Error('enough was read'))
      },
      onResponseEnd: () => resolve(null),
      onResponseError: (_, error) => resolve(isCut ? null : error),
    })
    const error = this.#causeOf(await promise)
    clearTimeout(timer)
    const isFresh = this.#dials > dialsBefore
    if (error) {
      this.#wasDropped = !isFresh && received === 0 && !(error instanceof DeliveryFault)
      this.#end(error)
    }
    return {
      remoteAddress: this.#facts?.remoteAddress ?? null,
      opened: isFresh ? this.#facts : null,
      firstByteAt,
      response: capture.finish(!error && !isCut),
      progress,
      error,
    }
  }

  /** Whether the peer leaves it open for so long; false as soon as it does not. */
  outlasts(ms: number): Promise<boolean> {
    const socket = this.#socket
    if (!socket || socket.destroyed) return Promise.resolve(false)
    return new Promise((resolve) => {
      // On a busy thread its end may have come and wait to be read: the immediate lets it.
      const timer = setTimeout(() => setImmediate(() => resolve(!socket.destroyed)), ms)
      socket.once('close', () => {
        clearTimeout(timer)
        resolve(false)
      })
    })
  }

  /** Resolves once neither a socket nor a dial is left of it. */
  async close(): Promise<void> {
    await this.#client.destroy()
    await this.#dialling?.promise
  }

  #end(reason: Error): void {
    void this.#client.destroy(reason)
  }

  /** Sees all that comes out of the socket: undici takes it by `read` and in no other way. */
  #watch(socket: Socket): void {
    const read = socket.read.bind(socket)
    socket.read = (size) => {
      const chunk = read(size) as Buffer | null
      if (!chunk) return chunk
      this.#onBytes?.(chunk.length)
      if (this.#head.pass(chunk)) return chunk
      this.#end(tooLargeHeaders())
      return null
    }
  }

  #causeOf(error: NodeJS.ErrnoException | null): Error | null {
    return (error?.code === 'UND_ERR_SOCKET' && this.#socketError) || error
  }

  #dialled(socket: Socket | null): void {
    this.#dialling?.resolve()
    this.#dialling = undefined
    if (!socket) return
    this.#socket = socket
    socket.once('error', (error) => (this.#socketError = error))
    this.#watch(socket)
    this.#dials++
    this.#facts = this.#deps.egress.factsOf(socket) ?? null
    this.#openedAt = this.#deps.clock.monotonicMs()
  }
}

class Endless extends DeliveryFault {
  constructor() {
    super(
      'protocol',
      'framing_endless',
      `Cannot read the response: besides its body it takes over ${limits.responseFramingBytes} bytes`,
    )
  }
}

class Deadline extends DeliveryFault {
  constructor(progress: Progress) {
    const doing = {
      connecting: 'there was no connection',
      waiting: 'there was no response',
      reading: 'the response was not complete',
      reading_chunks: 'the response was not complete',
    }[progress]
    const detail = {
      connecting: 'timeout_connect',
      waiting: 'timeout_headers',
      reading: 'timeout_body',
      reading_chunks: 'timeout_body',
    }[progress]
    super('timeout', detail, `Cannot deliver in time: ${doing} when the time limit was reached`)
  }
}

function optionsOf(request: OutgoingRequest): Dispatcher.DispatchOptions {
  const headers: string[] = []
  for (const [name, value] of headersOf(request)) headers.push(name, value)
  return {
    method: request.method,
    path: request.url.pathname + request.url.search,
    headers,
    body: request.body,
  }
}
