/**
 * Turns a delivery into the request that goes out: the user's headers as given, then those that are
 * added unless the user set them, then the hop count, which nobody but Sendoff may set.
 *
 * Invariant: nothing a user wrote decides where the request goes but its URL, or how it is framed:
 * Host, lengths and connection headers belong to the client.
 */
import type { DeliveryTask } from '../model/delivery.ts'
import type { HeaderPair } from '../model/event.ts'
import { hexOf } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import { headerNameFault, headerValueFault, methodFault } from '../model/send-rules.ts'
import { DeliveryFault } from './fault.ts'

export type OutgoingRequest = {
  readonly method: string
  readonly url: URL
  /** The user's own, which do not follow a redirect to another origin. */
  readonly ownHeaders: readonly HeaderPair[]
  /** Sendoff's, which do. */
  readonly addedHeaders: readonly HeaderPair[]
  readonly body: Uint8Array | null
}

/** The header that counts how often a request has passed through Sendoff. */
export const HOPS_HEADER = 'sendoff-hops'

/** Builds the first request of an attempt that begins at `atMs`. Throws a `DeliveryFault` if it may not go. */
export function requestOf(task: DeliveryTask, userAgent: string, atMs: number): OutgoingRequest {
  const { send } = task
  const hops = task.hops + 1
  if (hops > limits.hops) {
    throw new DeliveryFault(
      'blocked',
      'loop',
      `Cannot deliver: the request passed through Sendoff more than ${limits.hops} times (loop guard)`,
    )
  }
  const method = send.method.toUpperCase()
  refuseIf(methodFault(method), 'method_invalid', 'its method')
  const ownHeaders = send.headers.filter(([name]) => name.toLowerCase() !== HOPS_HEADER)
  for (const [name, value] of ownHeaders) {
    refuseIf(headerNameFault(name) ?? headerValueFault(name, value), 'header_invalid', 'it')
  }
  return {
    method,
    url: new URL(send.url),
    ownHeaders,
    addedHeaders: [
      ['user-agent', userAgent],
      ['webhook-id', task.id],
      ['webhook-timestamp', String(Math.floor(atMs / 1000))],
      ['traceparent', traceparent(task)],
      [HOPS_HEADER, String(hops)],
    ],
    body: send.body,
  }
}

/** What was checked at the call is checked where it leaves: rows of older versions, and mistakes of ours. */
function refuseIf(fault: string | undefined, detail: string, what: string): void {
  if (fault === undefined) return
  throw new DeliveryFault('protocol', detail, `Cannot send the request: ${what} ${fault}`)
}

/** All headers, in the order they are sent. */
export function headersOf(request: OutgoingRequest): readonly HeaderPair[] {
  const { ownHeaders, addedHeaders } = request
  const isOwn = (name: string): boolean => ownHeaders.some(([own]) => own.toLowerCase() === name)
  return [...ownHeaders, ...addedHeaders.filter(([name]) => !isOwn(name))]
}

/**
 * W3C Trace Context: the event is the trace, and each attempt a parent of its own, named by the
 * delivery's place in the event and its number. Derived, so that nothing has to be kept.
 */
function traceparent({ eventId, id, attempt }: DeliveryTask): string {
  const trace = hexOf(eventId)
  const place = id.slice(-5) + (attempt & 0xfff).toString(16).padStart(3, '0')
  return `00-${trace}-${trace.slice(-8)}${place}-01`
}
