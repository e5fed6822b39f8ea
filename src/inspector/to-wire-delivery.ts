/**
 * Deliveries as the API shows them. The request is the one the last attempt sent; before there is one,
 * it is the one that waits, with the same masking of secrets that attempts are recorded with.
 */
import type { Attempt, Send } from '../model/delivery.ts'
import { redactHeaders, redactUrl } from '../model/redact.ts'
import type { Mask } from '../model/redact-values.ts'
import type { DeliveryDetail } from '../store/inspect.ts'
import { instant } from './instant.ts'
import { maskDelivery } from './mask-wire.ts'
import { shownAnswer, shownBody } from './shown-body.ts'
import type { AttemptWire, DeliveryWire } from './wire-event.ts'

export function toWireDelivery(delivery: DeliveryDetail, mask: Mask): DeliveryWire {
  const { id, send, status, code, dueAt, isAbridged, attempts } = delivery
  const last = attempts.findLast(({ request }) => request !== null)
  const wire = {
    id,
    step: send.stepName,
    index: send.index,
    status,
    code,
    dueAt: status === 'pending' && dueAt !== null ? instant(dueAt) : null,
    request: toWireRequest(delivery, last),
    ...(isAbridged && { abridged: true as const }),
    attempts: attempts.map(toWireAttempt),
  }
  return maskDelivery(wire, mask)
}

function toWireRequest(
  { send, sealed }: DeliveryDetail,
  last: Attempt | undefined,
): DeliveryWire['request'] {
  const { method, url, headers } = last?.request ?? (sealed ? send : redacted(send))
  if (send.body === null) return { method, url, headers, body: null, bodyEncoding: 'utf8', size: 0 }
  const size = sealed?.bodySize ?? send.body.length
  return { method, url, headers, ...shownBody(send.body), size }
}

const redacted = ({ method, url, headers }: Send) => ({
  method,
  url: redactUrl(url),
  headers: redactHeaders(headers),
})

function toWireAttempt(attempt: Attempt): AttemptWire {
  const { number, startedAt, outcome, code, remoteAddress, timings, request, response } = attempt
  return {
    number,
    startedAt: instant(startedAt),
    outcome,
    code,
    remoteAddress,
    timings: timings && toWireTimings(timings),
    request,
    response: response && toWireResponse(response),
    error: attempt.error,
  }
}

/** Hundredths of a millisecond: what is finer is noise. */
function toWireTimings(timings: NonNullable<Attempt['timings']>): AttemptWire['timings'] {
  const phases = Object.entries(timings).map(([name, ms]) => [name, ms && round(ms)])
  return Object.fromEntries(phases) as AttemptWire['timings']
}

const round = (ms: number): number => Math.round(ms * 100) / 100

function toWireResponse(response: NonNullable<Attempt['response']>): AttemptWire['response'] {
  const { status, headers, body, size, sha256, redacted } = response
  const shown = shownAnswer(body, response)
  return { status, headers, ...shown, size, sha256, ...(redacted && { redacted }) }
}
