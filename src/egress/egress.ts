/**
 * The egress port: the one door out. Every outbound socket of the product, for deliveries and for user
 * code alike, is opened here and nowhere else.
 *
 * Invariant: no byte is written to a peer whose address was not checked; the checked address is the
 * one that is connected to.
 */
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'

/** One value for decision, log, metric and screen. */
export type Verdict =
  | { readonly kind: 'allowed'; readonly by: 'default' | 'operator' }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly because: string }

export type RefusalCode =
  | 'loopback'
  | 'private'
  | 'link_local'
  | 'metadata'
  | 'reserved'
  | 'multicast'
  | 'unspecified'
  | 'name'
  | 'port'
  | 'self'
  | 'scheme'
  | 'url'

/** How a connection came to be: measured once per socket, for the attempt that opened it. */
export type ConnectionFacts = {
  /** With its port: `203.0.113.7:443`, `[2001:db8::7]:443`. */
  readonly remoteAddress: string
  readonly dnsMs: number
  readonly connectMs: number
  readonly tlsMs: number | null
}

/** Why no connection could be had. `code` is one of SPEC section 5's. */
export class EgressError extends Error {
  readonly code: 'dns' | 'connect_refused' | 'connect_timeout' | 'tls' | 'reset' | 'blocked'
  /** The refusal or the platform's own code (ECONNREFUSED, CERT_HAS_EXPIRED, ...). */
  readonly detail: string
  /** Ours: no socket or file descriptor to be had here; never counted against the destination. */
  readonly ours: boolean

  constructor(
    code: EgressError['code'],
    message: string,
    detail: string,
    options: { cause?: unknown; ours?: boolean } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'EgressError'
    this.code = code
    this.detail = detail
    this.ours = options.ours ?? false
  }
}

export interface Egress {
  /** Judges a URL before any DNS: scheme, form, port, literal address, name rules. */
  judgeUrl(url: URL): Verdict
  /** A guarded, connected TCP socket: for user code's tunnel and as the base of TLS. Rejects with EgressError. */
  connect(target: { host: string; port: number }, signal: AbortSignal): Promise<Socket>
  /** The connector for undici pools: the same door, TLS included. Errors are EgressErrors. */
  readonly connector: buildConnector.connector
  /** The facts of a socket that `connector` made. */
  factsOf(socket: Socket): ConnectionFacts | undefined
}
