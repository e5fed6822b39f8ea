/**
 * Takes the account's values out of what the API shows of an event that carries them. The request that
 * came in is stored as it travelled, since a replay needs its bytes, so it is masked here, each time it is
 * shown. What steps wrote, sent and got back was masked before it was stored; it is masked once more for
 * values that became variables since, and for rows of earlier versions.
 */
import { maskJson, maskNothing } from '../model/redact-values.ts'
import type { Mask } from '../model/redact-values.ts'
import type { AttemptWire, DeliveryWire, EventDetailWire } from './wire-event.ts'

type View = EventDetailWire['event']
type Headers = View['proto']['headers']

/** `$event` as the trigger made it. */
export function maskEventView(view: View, mask: Mask): View {
  if (mask === maskNothing) return view
  const { headers, body_b64, uri, ...proto } = view.proto
  const shown = { headers: maskHeaders(headers, mask), body_b64: mask(body_b64), uri: mask(uri) }
  return {
    ...view,
    url: mask(view.url),
    path: mask(view.path),
    query: maskJson(view.query, mask),
    headers: maskJson(view.headers, mask),
    body: maskJson(view.body, mask),
    proto: { ...proto, ...shown },
  }
}

/** A delivery with all its attempts. */
export function maskDelivery(delivery: DeliveryWire, mask: Mask): DeliveryWire {
  if (mask === maskNothing) return delivery
  const { body } = delivery.request
  const request = { ...delivery.request, ...maskHead(delivery.request, mask) }
  return {
    ...delivery,
    request: { ...request, body: body === null ? null : mask(body) },
    attempts: delivery.attempts.map((attempt) => maskAttempt(attempt, mask)),
  }
}

function maskAttempt(attempt: AttemptWire, mask: Mask): AttemptWire {
  const { request, response, error } = attempt
  return {
    ...attempt,
    request: request && { ...request, ...maskHead(request, mask) },
    response: response && {
      ...response,
      headers: maskHeaders(response.headers, mask),
      body: mask(response.body),
    },
    error: error && {
      ...error,
      message: mask(error.message),
      detail: error.detail && mask(error.detail),
    },
  }
}

const maskHead = ({ url, headers }: { url: string; headers: Headers }, mask: Mask) => ({
  url: mask(url),
  headers: maskHeaders(headers, mask),
})

const maskHeaders = (headers: Headers, mask: Mask): Headers =>
  headers.map(([name, value]) => [mask(name), mask(value)])
