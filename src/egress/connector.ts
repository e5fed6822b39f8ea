/**
 * The door: name, address, TCP and TLS in one deadline, each step after the check that permits it.
 * Deliveries come through `connector` (undici's signature), user code through `connect`.
 *
 * It keeps no state but the facts of living sockets: no DNS cache, no sessions, no proxies from the
 * environment. Every connection resolves and checks anew.
 */
import { isIP, type Socket } from 'node:net'
import {
  connect as connectTls,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import { callbackify } from 'node:util'
import type { buildConnector } from 'undici'
import type { Clock } from '../clock.ts'
import { limits } from '../model/limits.ts'
import { withPort } from './address.ts'
import { socketError, tlsError } from './connect-errors.ts'
import { type ConnectionFacts, type Egress, EgressError } from './egress.ts'
import { type Dial, dialTcp, openSocket } from './guarded-socket.ts'
import { canonicalName, createPolicy, type Listener, literalOf, type Target } from './policy.ts'
import { type Lookup, resolveTarget } from './resolve.ts'
import { createSystemLookup } from './system-lookup.ts'

type Deps = {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** The machine's own names if absent. */
  readonly lookup?: Lookup
  readonly dial?: Dial
}

type Options = {
  /** SENDOFF_EGRESS_ALLOW, entry by entry. */
  readonly allow: readonly string[]
  /** Where this server listens; asked at each connection. */
  readonly self?: () => readonly Listener[]
  /** PEM certificates of authorities to trust besides the usual ones. */
  readonly ca?: readonly string[]
}

type Opened = { readonly socket: Socket; readonly facts: ConnectionFacts }

/** Throws `setting_invalid` where the allow list is not exact. */
export function createEgress(deps: Deps, options: Options): Egress {
  const { clock, lookup = createSystemLookup(), dial = dialTcp } = deps
  const policy = createPolicy(options)
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(options.ca && { ca: [...getCACertificates('default'), ...options.ca] }),
  })
  const facts = new WeakMap<Socket, ConnectionFacts>()

  async function openTcp(target: Target, signal: AbortSignal): Promise<Opened> {
    const startedAt = clock.monotonicMs()
    const addresses = await resolveTarget({ policy, lookup }, target, signal)
    const resolvedAt = clock.monotonicMs()
    const socket = await openSocket(dial, addresses, target.port, signal)
    const connectedAt = clock.monotonicMs()
    return {
      socket,
      facts: {
        remoteAddress: withPort(socket.remoteAddress ?? '', target.port),
        dnsMs: resolvedAt - startedAt,
        connectMs: connectedAt - resolvedAt,
        tlsMs: null,
      },
    }
  }

  async function openTls(target: Target, signal: AbortSignal): Promise<Opened> {
    const tcp = await openTcp(target, signal)
    const connectedAt = clock.monotonicMs()
    const socket = await secure(secureContext, tcp.socket, target.host, signal)
    return { socket, facts: { ...tcp.facts, tlsMs: clock.monotonicMs() - connectedAt } }
  }

  async function open(target: Target, tls: boolean, signal?: AbortSignal): Promise<Socket> {
    const opened = await withinDeadline(target, signal, (limit) =>
      tls ? openTls(target, limit) : openTcp(target, limit),
    )
    facts.set(opened.socket, opened.facts)
    return opened.socket
  }

  const openForUndici = callbackify(async (options: buildConnector.Options) => {
    const tls = options.protocol === 'https:'
    const port = Number(options.port) || (tls ? 443 : 80)
    return open({ host: options.hostname, port, web: true }, tls)
  })

  return {
    judgeUrl: (url) => policy.judgeUrl(url),
    connect: ({ host, port }, signal) => open({ host, port, web: false }, false, signal),
    connector: (options, callback) =>
      openForUndici(options, (error, socket) =>
        error ? callback(error, null) : callback(null, socket),
      ),
    factsOf: (socket) => facts.get(socket),
  }
}

/** Runs `work` under the one deadline of a connection; whatever goes wrong is an EgressError. */
async function withinDeadline<T>(
  target: Target,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const place = withPort(target.host, target.port)
  const timer = setTimeout(() => {
    const seconds = limits.connectTimeoutMs / 1000
    const message = `No connection to ${place} within ${seconds} s`
    controller.abort(new EgressError('connect_timeout', message, 'ETIMEDOUT'))
  }, limits.connectTimeoutMs)
  const onAbort = () => {
    const message = `Given up before there was a connection to ${place}`
    const cause: unknown = signal?.reason
    controller.abort(new EgressError('connect_timeout', message, 'aborted', { cause }))
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  try {
    return await work(controller.signal)
  } catch (cause) {
    throw socketError(target, cause as Error)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** TLS over a checked socket; the certificate must be for the URL's host, whatever Host header is sent. */
function secure(
  secureContext: SecureContext,
  socket: Socket,
  rawHost: string,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const host = literalOf(rawHost) ?? canonicalName(rawHost)
  return new Promise((resolve, reject) => {
    const tls = connectTls({
      socket,
      host,
      servername: isIP(host) === 0 ? host : '',
      secureContext,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: true,
    })
    const onAbort = () => {
      tls.destroy()
      reject(signal.reason)
    }
    const onError = (error: Error) => {
      signal.removeEventListener('abort', onAbort)
      tls.destroy()
      reject(tlsError(host, error))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) return onAbort()
    tls.on('error', onError)
    tls.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort)
      tls.off('error', onError)
      resolve(tls)
    })
  })
}
