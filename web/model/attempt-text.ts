/** An attempt as text, to be compared with another: what was sent where, and what came back. */
import type { AttemptWire, DeliveryWire } from '../../src/inspector/wire-event.ts'
import { indented } from './body-view.ts'
import { duration, size } from './quantity.ts'

type Headers = readonly (readonly [name: string, value: string])[]

export function attemptText(
  { code, remoteAddress, timings, request, response, error }: AttemptWire,
  delivery: Pick<DeliveryWire, 'request'>,
): string {
  const { method, url, headers } = request ?? delivery.request
  return [
    `${method} ${url}`,
    ...headerLines(headers),
    '',
    `to ${remoteAddress ?? 'no address'}`,
    ...(timings ? [`took ${duration(timings.totalMs)}`] : []),
    ...(error ? [`${code ?? 'error'}: ${error.message}`] : []),
    ...(response ? ['', ...responseLines(response)] : []),
  ].join('\n')
}

function responseLines(response: NonNullable<AttemptWire['response']>): readonly string[] {
  const { status, headers, body, bodyEncoding, size: bytes, truncated } = response
  const text =
    bodyEncoding === 'utf8' ? (indented(body) ?? body) : `${size(bytes)} that are no text`
  return [
    `HTTP/1.1 ${status} · ${size(bytes)}`,
    ...headerLines(headers),
    ...(body === '' ? [] : ['', text]),
    ...(truncated ? ['(cut)'] : []),
  ]
}

const headerLines = (headers: Headers): readonly string[] =>
  headers.map(([name, value]) => `${name}: ${value}`)
