/**
 * `$event` (SPEC section 2), derived from a request as it came over the wire. Pure and cheap: it runs
 * in the guest for every event and on demand for showing, so that only raw bytes are ever stored.
 *
 * Invariant: names that a stranger chose are own properties, whatever they are (model/fields.ts).
 */
import { deriveBody, toBase64 } from './derive-body.ts'
import type { EventView, HeaderPair, RawRequest } from './event.ts'
import { fieldsOf, setField } from './fields.ts'

/** Headers that a message has once: Node keeps the first and drops repeats. */
const SINGLE: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
])

/** Whether a header of this lower-case name may stand in a message only once. */
export const isSingleHeader = (name: string): boolean => SINGLE.has(name)

/** Derives `$event`; a fresh, mutable value each time. */
export function deriveEvent(request: RawRequest): EventView {
  const { method, scheme, uri, httpVersion, clientIp } = request
  const headers = joinHeaders(request.headers)
  const { body, type } = deriveBody(request.body, headers['content-type'] ?? '')
  return {
    method,
    url: `${scheme}://${request.host}${originForm(uri)}`,
    path: request.path,
    query: queryOf(uri),
    headers,
    body,
    inferred_body_type: type,
    client_ip: clientIp,
    proto: {
      headers: request.headers.map(([name, value]) => [name, value] as const),
      body_b64: toBase64(request.body),
      method,
      scheme,
      http_version: httpVersion,
      client_ip: clientIp,
      uri,
    },
  }
}

/** Lower-case names and one string each: repeats are dropped or joined as Node's http does it. */
export function joinHeaders(pairs: readonly HeaderPair[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of pairs) {
    const key = name.toLowerCase()
    if (!Object.hasOwn(headers, key)) setField(headers, key, value)
    else if (key === 'cookie') headers[key] += `; ${value}`
    else if (!SINGLE.has(key)) headers[key] += `, ${value}`
  }
  return headers
}

/** The fields of a request target's query. */
export function queryOf(uri: string): Record<string, string | string[]> {
  const start = uri.indexOf('?')
  if (start === -1) return {}
  const fragment = uri.indexOf('#', start)
  return fieldsOf(uri.slice(start + 1, fragment === -1 ? undefined : fragment))
}

/** An absolute-form target names an authority of its own, which is not to be believed. */
function originForm(uri: string): string {
  if (uri.startsWith('/')) return uri
  const target = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*(.*)$/is.exec(uri)?.[1] ?? uri
  return target.startsWith('/') ? target : `/${target}`
}
