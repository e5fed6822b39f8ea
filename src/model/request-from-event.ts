/**
 * The way back from `$event`: a stored or edited event becomes a request again, so that a test runs on
 * the same path as an arrival. Whatever is missing has a plain default; `{ body }` alone is enough.
 *
 * What was edited wins: `proto` (the bytes, the original headers, the target) is used only where it
 * still says the same as the fields that people edit. Invariant: `deriveEvent(requestFromEvent(event))`
 * equals `event` for every event that `deriveEvent` made.
 */
import { deriveBody } from './derive-body.ts'
import { joinHeaders, queryOf } from './derive-event.ts'
import type { HeaderPair, RawRequest } from './event.ts'
import { limits } from './limits.ts'
import { methodFault } from './send-rules.ts'

type Json = Readonly<Record<string, unknown>>

const FIELDS = [
  'method',
  'url',
  'path',
  'query',
  'headers',
  'body',
  'inferred_body_type',
  'client_ip',
  'proto',
]

/** Builds the request of a test event. Throws TypeError naming the field that does not fit. */
export function requestFromEvent(value: unknown): RawRequest {
  const event = object(value, 'event')
  const unknown = Object.keys(event).find((key) => !FIELDS.includes(key))
  if (unknown !== undefined) throw fault(`event.${unknown}`, `one of ${FIELDS.join(', ')}`)
  const proto = object(event['proto'] ?? {}, 'event.proto')
  const url = urlOf(event)
  const headers = headersOf(event, proto)
  const joined = joinHeaders(headers)
  const path = text(event['path'] ?? url?.pathname ?? '/', 'event.path')
  return {
    method: methodOf(event['method'] ?? proto['method'] ?? 'POST'),
    scheme: schemeOf(proto['scheme'] ?? url?.protocol.slice(0, -1) ?? 'http'),
    host: joined['host'] ?? url?.host ?? 'localhost',
    uri: uriOf(event, proto, path, url),
    path,
    httpVersion: text(proto['http_version'] ?? '1.1', 'event.proto.http_version'),
    clientIp: text(event['client_ip'] ?? proto['client_ip'] ?? '127.0.0.1', 'event.client_ip'),
    headers,
    body: bodyOf(event, proto, joined['content-type'] ?? ''),
  }
}

function urlOf(event: Json): URL | undefined {
  if (event['url'] === undefined) return undefined
  const url = URL.parse(text(event['url'], 'event.url'))
  if (!url) throw fault('event.url', 'a full URL')
  return url
}

function methodOf(value: unknown): string {
  if (methodFault(value) !== undefined) throw fault('event.method', 'an HTTP method')
  return value as string
}

function schemeOf(value: unknown): 'http' | 'https' {
  if (value === 'http' || value === 'https') return value
  throw fault('event.proto.scheme', '"http" or "https"')
}

function headersOf(event: Json, proto: Json): readonly HeaderPair[] {
  const original = proto['headers'] === undefined ? undefined : pairsOf(proto['headers'])
  if (event['headers'] === undefined) return original ?? []
  const edited = Object.entries(object(event['headers'], 'event.headers')).map(
    ([name, value]): HeaderPair => [name, text(value, `event.headers.${name}`)],
  )
  return original && isSame(joinHeaders(original), Object.fromEntries(edited)) ? original : edited
}

function pairsOf(value: unknown): readonly HeaderPair[] {
  const pairs: readonly unknown[] = Array.isArray(value) ? value : [null]
  return pairs.map((pair): HeaderPair => {
    const [name, text] = Array.isArray(pair) && pair.length === 2 ? (pair as unknown[]) : []
    if (typeof name === 'string' && typeof text === 'string') return [name, text]
    throw fault('event.proto.headers', 'a list of [name, value] pairs')
  })
}

/** The request target: as it was, where it still leads to this path and query. */
function uriOf(event: Json, proto: Json, path: string, url: URL | undefined): string {
  const given = proto['uri'] ?? (url && url.pathname + url.search) ?? path
  const original = text(given, 'event.proto.uri')
  const target = original.replace(/[?#].*$/s, '')
  const base = path === '/' || target.endsWith(path) ? target : path
  if (event['query'] === undefined) return base + original.slice(target.length)
  const query = object(event['query'], 'event.query')
  if (isSame(queryOf(original), query)) return base + original.slice(target.length)
  const encoded = urlencoded(query, 'event.query')
  return encoded === '' ? base : `${base}?${encoded}`
}

/** The original bytes where they still mean this body; otherwise bytes that do. */
function bodyOf(event: Json, proto: Json, contentType: string): Uint8Array {
  const encoded = text(proto['body_b64'] ?? '', 'event.proto.body_b64')
  const original = Buffer.from(encoded, 'base64')
  const means = (bytes: Uint8Array): boolean =>
    isSame(deriveBody(bytes, contentType).body, event['body'])
  if (event['body'] === undefined || means(original)) return original
  const json = Buffer.from(JSON.stringify(event['body']))
  return writings(event).find(means) ?? json
}

/** Ways to write a body that read more naturally than JSON. */
function writings({ body, inferred_body_type: type }: Json): readonly Uint8Array[] {
  if (typeof body === 'string') {
    const bytes = Buffer.from(body)
    return type === 'BINARY' ? [Buffer.from(body, 'base64'), bytes] : [bytes]
  }
  return type === 'FORM' && isForm(body) ? [Buffer.from(urlencoded(body, 'event.body'))] : []
}

function isForm(body: unknown): body is Json {
  const isText = (value: unknown): boolean => typeof value === 'string'
  return typeof body === 'object' && body !== null && Object.values(body).flat(1).every(isText)
}

function urlencoded(fields: Json, field: string): string {
  const encoded = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      encoded.append(name, text(item, `${field}.${name}`))
    }
  }
  return encoded.toString()
}

/** Equal as JSON, whatever the order of keys. */
function isSame(one: unknown, other: unknown, depth = 0): boolean {
  if (one === other) return true
  if (depth > limits.eventBodyDepth) return false
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const keys = Object.keys(one)
  if (keys.length !== Object.keys(other).length) return false
  return keys.every(
    (key) =>
      Object.hasOwn(other, key) && isSame((one as Json)[key], (other as Json)[key], depth + 1),
  )
}

function object(value: unknown, field: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw fault(field, 'an object')
}

function text(value: unknown, field: string): string {
  if (typeof value === 'string') return value
  throw fault(field, 'text')
}

const fault = (field: string, expected: string): TypeError =>
  new TypeError(`${field} must be ${expected}`)
