/**
 * A delivery: one outbound request that a run collected, and the attempts made at it.
 *
 *   pending ──► sending ──► delivered | failed | blocked      (one attempt, settled in one commit)
 *      │  ▲        └──────► pending (a retry is due later)  | held (interrupted, and not to be re-sent)
 *      │  └─► held (while its destination is paused)
 *      └──► canceled (from held as well)
 *
 * ARCHITECTURE.md has the table of what leads from where to where.
 * Born leased, a delivery starts as `sending`: its first attempt is on record before a connection is made.
 */
import type { HeaderPair } from './event.ts'
import type { RetryPolicy } from './workflow.ts'

export type DeliveryStatus =
  | 'pending'
  | 'sending'
  | 'delivered'
  | 'failed'
  | 'blocked'
  | 'canceled'
  | 'held'

/** SPEC section 5: the one reason a delivery that is not delivered carries. */
export type FailureCode =
  | 'dns'
  | 'connect_refused'
  | 'connect_timeout'
  | 'tls'
  | 'reset'
  | 'timeout'
  | 'blocked'
  | 'redirect'
  | 'http_status'
  | 'too_large_headers'
  | 'protocol'

/** One call of `$send.http`, validated and serialised at the call. `step` is the step's position. */
export type Send = {
  readonly step: number
  readonly stepName: string
  readonly index: number
  readonly method: string
  readonly url: string
  /** In the caller's order; names as given; Content-Type and Authorization already resolved. */
  readonly headers: readonly HeaderPair[]
  readonly body: Uint8Array | null
  readonly timeoutMs: number
  readonly retry: RetryPolicy | null
  readonly followRedirects: number
  readonly signed: boolean
}

/**
 * What of a request that holds secrets must be sent and may not be shown: address, headers and body,
 * sealed. Only who has the instance's key opens it.
 */
export type SealedRequest = {
  readonly bytes: Uint8Array
  /** Of the body as it is sent. */
  readonly bodySize: number
}

export type NewDelivery = {
  /** Where the request is sealed, what may be shown of it. */
  readonly send: Send
  readonly sealed: SealedRequest | null
  /** Scheme, host and port: the lane it goes by. */
  readonly origin: string
  /** Born leased: a lane of this node has a place for it; its first attempt begins with the commit. */
  readonly leased: boolean
}

/** A delivery whose next attempt has been committed as begun and may now connect. */
export type DeliveryTask = {
  readonly accountId: number
  readonly id: string
  readonly eventId: string
  readonly workflowId: string
  readonly origin: string
  readonly send: Send
  /** A `SealedRequest`'s bytes: then `send` is what may be shown. Null where `send` is what goes out. */
  readonly sealed: Uint8Array | null
  /** The number of the attempt to make, from 1. */
  readonly attempt: number
  /** When it became due, for `queuedMs`. */
  readonly dueAt: number
  /** How many times the event that caused it has passed through Sendoff. */
  readonly hops: number
}

/** Milliseconds; null where the phase did not happen (a kept-alive connection has no connect phase). */
export type AttemptTimings = {
  readonly queuedMs: number
  readonly dnsMs: number | null
  readonly connectMs: number | null
  readonly tlsMs: number | null
  readonly firstByteMs: number | null
  readonly totalMs: number
}

export type CapturedResponse = {
  readonly status: number
  readonly headers: readonly HeaderPair[]
  /** The first 64 KiB as received. */
  readonly body: Uint8Array
  /** True length, as far as it was read. */
  readonly size: number
  /** Hex, of the bytes that `size` counts. */
  readonly sha256: string
  readonly truncated: boolean
  /** Absent where the body is as received. */
  readonly redacted?: Redaction
}

/**
 * What was done to a body that was received, for the secrets in it: masked where it stood, kept as the
 * text that it held compressed, or not kept at all, headers included, since nothing could be masked.
 */
export type Redaction = 'masked' | 'unpacked' | 'withheld'

export type AttemptOutcome = 'delivered' | 'failed' | 'blocked' | 'interrupted'

export type Attempt = {
  readonly number: number
  readonly startedAt: number
  readonly outcome: AttemptOutcome
  readonly code: FailureCode | null
  readonly remoteAddress: string | null
  readonly timings: AttemptTimings | null
  /** As sent, secrets masked. */
  readonly request: {
    readonly method: string
    readonly url: string
    readonly headers: readonly HeaderPair[]
  } | null
  readonly response: CapturedResponse | null
  /** A sentence a user understands, in the words of the error catalogue. */
  readonly error: { readonly message: string; readonly detail: string | null } | null
}

/** What an attempt did to its delivery: committed together. */
export type Settlement = {
  readonly accountId: number
  readonly eventId: string
  readonly step: number
  readonly index: number
  readonly attempt: Attempt
  readonly status: DeliveryStatus
  readonly code: FailureCode | null
  /** When the next attempt is due, where `status` is `pending`. */
  readonly dueAt: number | null
}

/** The lane of a URL: its origin with the port spelled out. */
export function originOf(url: string): string {
  const parsed = new URL(url)
  const port = parsed.port || (parsed.protocol === 'https:' ? '443' : '80')
  return `${parsed.protocol}//${parsed.hostname}:${port}`
}
