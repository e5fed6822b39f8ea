/**
 * The one HTTP server: `/t/`, and hosts below the trigger domain, go to the trigger, everything else to the REST side. Here is what holds
 * for both: bounds on time, size and sockets, and the answers to what is not a request at all.
 *
 * A request may take `requestTimeoutMs`, plus what its bytes take at `requestBytesPerSecond`: a slow
 * but honest 100 MiB body arrives, a trickle does not. Node's own `requestTimeout` knows no bytes and
 * is therefore off; its `headersTimeout` is on.
 *
 * Invariant: an error answer never overtakes the answers to earlier requests of the same connection.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import { AppError } from './errors.ts'
import { answerAndClose, answerProblem, rawProblem } from './ingest/answers.ts'
import { isHost } from './ingest/sender.ts'
import { isTriggerTarget, keyOfHost, originForm } from './ingest/trigger-target.ts'
import { limits } from './model/limits.ts'
import type { Service } from './service.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

type Deps = {
  readonly trigger: Handler
  readonly rest: Handler
  readonly clock?: Pick<Clock, 'monotonicMs'>
}

type Options = {
  readonly host: string
  readonly port: number
  readonly headersTimeoutMs?: number
  readonly sockets?: number
  /** Requests to hosts below it are a trigger's, whatever their path. */
  readonly triggerDomain?: string | null
}

export type HttpListener = Service & {
  /**
   * Resolves when the requests under way are answered, or were cut for taking too long. New ones are
   * still let in, for the handlers to say that the server is stopping; each is its connection's last.
   */
  drain(): Promise<void>
  /** Where it listens, or listened; the port is the real one when 0 was asked for. */
  address(): { readonly host: string; readonly port: number }
}

/** The latest request of a connection, and when and at which byte of the connection it began. */
type Exchange = {
  readonly response: ServerResponse
  readonly startedAt: number
  readonly startedAtByte: number
}

const SWEEP_MS = 1_000
const CLOSE_IDLE_MS = 50
/** After a drain there are only requests left that are being refused. */
const CLOSE_DRAINED_MS = 100

/** Node sends no 100 Continue: `trigger` does so when it wants the body; for `rest` it is done here. */
export const createHttpListener = (deps: Deps, options: Options): HttpListener =>
  new Listener(deps, options)

class Listener implements HttpListener {
  readonly #trigger: Handler
  readonly #rest: Handler
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #options: Options
  readonly #server: Server
  readonly #connections = new Map<Duplex, Exchange | undefined>()
  readonly #refused = new WeakSet<Duplex>()
  /** Kept: requests that are still being answered ask for it when the server has stopped listening. */
  #address: { host: string; port: number } | undefined
  #sweeping: NodeJS.Timeout | undefined
  #drained: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor({ trigger, rest, clock = systemClock }: Deps, options: Options) {
    this.#trigger = trigger
    this.#rest = rest
    this.#clock = clock
    this.#options = options
    const server = createServer({
      maxHeaderSize: limits.requestHeaderBytes,
      headersTimeout: options.headersTimeoutMs ?? limits.headersTimeoutMs,
      requestTimeout: 0,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: SWEEP_MS,
      requireHostHeader: false,
    })
    this.#server = server
    // Node would drop the header lines past its count without a word; `malformed` refuses them.
    server.maxHeadersCount = 0
    server.maxConnections = options.sockets ?? limits.sockets
    server.maxRequestsPerSocket = limits.requestsPerSocket
    server.on('connection', (socket) => this.#remember(socket))
    server.on('request', (request, response) => this.#route(request, response))
    server.on('checkContinue', (request, response) => this.#route(request, response))
    server.on('checkExpectation', (request, response) =>
      answerProblem(request, response, new AppError('expectation_unknown')),
    )
    server.on('clientError', (error, socket) => this.#refuse(socket, toAppError(error, socket)))
    server.on('connect', (_request, socket) => {
      // Node gives this socket away for good, its error listener included.
      socket.on('error', () => socket.destroy())
      this.#refuse(socket, new AppError('connect_refused'))
    })
  }

  async start(): Promise<void> {
    const { host, port } = this.#options
    const listening = once(this.#server, 'listening')
    this.#server.listen({ host, port })
    await listening.catch((cause: NodeJS.ErrnoException) => {
      throw new AppError('setting_invalid', whyNotListening(cause, host, port), { cause })
    })
    const { address, port: boundTo } = this.#server.address() as AddressInfo
    this.#address = { host: address, port: boundTo }
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS)
  }

  drain(): Promise<void> {
    this.#drained ??= this.#settle()
    return this.#drained
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close()
    return this.#stopped
  }

  address(): { host: string; port: number } {
    return this.#address!
  }

  #remember(socket: Socket): void {
    this.#connections.set(socket, undefined)
    socket.once('close', () => this.#connections.delete(socket))
  }

  #route(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const startedAt = this.#clock.monotonicMs()
    this.#connections.set(socket, { response, startedAt, startedAtByte: socket.bytesRead })
    if (this.#drained) response.shouldKeepAlive = false
    const error = malformed(request)
    if (error !== undefined) return answerProblem(request, response, error)
    const target = request.url ?? ''
    const hostKey = keyOfHost(request.headers.host, this.#options.triggerDomain ?? null)
    if (hostKey !== undefined || isTriggerTarget(target)) return this.#trigger(request, response)
    request.url = originForm(target) || '/'
    if (request.headers.expect !== undefined) response.writeContinue()
    this.#rest(request, response)
  }

  /** Ends a connection with an error, after the answers still due on it; without one, at once. */
  #refuse(socket: Duplex, error: AppError | undefined): void {
    if (this.#refused.has(socket)) return
    this.#refused.add(socket)
    const latest = this.#connections.get(socket)?.response
    const end = (): void => {
      if (error === undefined || !socket.writable) socket.destroy()
      else socket.end(rawProblem(error), () => socket.destroy())
    }
    if (error === undefined || latest === undefined || latest.writableFinished) end()
    else if (latest.req.complete) latest.once('finish', end)
    else answerAndClose(latest, error)
  }

  #sweep(): void {
    const now = this.#clock.monotonicMs()
    for (const [socket, exchange] of this.#connections) {
      if (exchange === undefined || exchange.response.req.complete) continue
      const bytes = (socket as Socket).bytesRead - exchange.startedAtByte
      const grantedMs = limits.requestTimeoutMs + (bytes / limits.requestBytesPerSecond) * 1000
      if (now - exchange.startedAt > grantedMs) {
        this.#refuse(socket, new AppError('request_timeout'))
      }
    }
  }

  async #settle(): Promise<void> {
    const underWay = [...this.#connections.values()].flatMap((exchange) =>
      exchange && !exchange.response.closed ? [exchange.response] : [],
    )
    const cut = setTimeout(() => {
      for (const response of underWay) response.destroy()
    }, limits.drainRequestsMs)
    const ends = underWay.map(
      (response) => new Promise<void>((resolve) => response.once('close', resolve)),
    )
    await Promise.all(ends)
    clearTimeout(cut)
  }

  async #close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    // A browser opens connections ahead of need: they are not idle to Node, having had no request.
    for (const [socket, exchange] of this.#connections) if (exchange === undefined) socket.destroy()
    const idle = setInterval(() => this.#server.closeIdleConnections(), CLOSE_IDLE_MS)
    const grantedMs = this.#drained ? CLOSE_DRAINED_MS : limits.drainRequestsMs
    const bound = setTimeout(() => this.#server.closeAllConnections(), grantedMs)
    await closed
    clearInterval(idle)
    clearTimeout(bound)
    clearInterval(this.#sweeping)
  }
}

/** What Node's parser lets through although RFC 9112 (3.2) does not, or our bounds do not. */
function malformed({ rawHeaders }: IncomingMessage): AppError | undefined {
  if (rawHeaders.length > 2 * limits.requestHeaderCount) {
    return new AppError('headers_too_many', { limit: limits.requestHeaderCount })
  }
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue
    hosts += isHost(rawHeaders[i + 1]!) ? 1 : 2
  }
  return hosts === 1 ? undefined : new AppError('host_header')
}

/** Undefined for a connection that broke, or asked nothing: there is nobody to answer. */
function toAppError(error: NodeJS.ErrnoException, socket: Duplex): AppError | undefined {
  const { code = '' } = error
  if ((socket as Socket).bytesRead === 0) return undefined
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new AppError('headers_too_large', { limit: limits.requestHeaderBytes })
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new AppError('request_timeout')
  return code.startsWith('HPE_') ? new AppError('request_malformed') : undefined
}

function whyNotListening(
  { code, message }: NodeJS.ErrnoException,
  host: string,
  port: number,
): Record<string, string> {
  if (code === 'EADDRINUSE') {
    return { name: 'SENDOFF_PORT', expected: 'a free port', actual: `${port}, which is in use` }
  }
  if (code === 'EACCES') {
    return { name: 'SENDOFF_PORT', expected: 'a port this user may open', actual: `${port}` }
  }
  const actual = `${host} (${message})`
  return { name: 'SENDOFF_HOST', expected: 'an address of this machine', actual }
}
