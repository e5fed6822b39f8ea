/**
 * A request that somebody makes up, or takes from an event, to try the steps with. Bytes that are no text
 * cannot be edited and go along as they are.
 */
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import { bytesOf } from './body-view.ts'
import type { Pair } from './draft.ts'

export type TestBody =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly base64: string; readonly size: number }

export type TestRequest = {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: readonly Pair[]
  readonly body: TestBody
}

export const newRequest: TestRequest = {
  method: 'POST',
  path: '/orders?from=test',
  headers: [{ name: 'content-type', value: 'application/json' }],
  body: { kind: 'text', text: '{\n  "order": 42,\n  "name": "Luke"\n}' },
}

/** Belongs to the connection that the event came by. */
const HOP = /^(host|connection|content-length|transfer-encoding|keep-alive|expect)$/i

export function requestOfEvent({ event }: Pick<EventDetailWire, 'event'>): TestRequest {
  const { method, path, url, proto } = event
  const query = url.indexOf('?')
  return {
    method,
    path: path + (query === -1 ? '' : url.slice(query)),
    headers: proto.headers
      .filter(([name]) => !HOP.test(name))
      .map(([name, value]) => ({ name, value })),
    body: bodyOf(proto.body_b64),
  }
}

function bodyOf(base64: string): TestBody {
  const bytes = bytesOf(base64)
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { kind: 'bytes', base64, size: bytes.length }
  }
}

/** In the shape that the API takes: the request as it would have come over the wire. */
export function eventOfRequest({ method, path, headers, body }: TestRequest): object {
  const uri = path.startsWith('/') ? path : `/${path}`
  const base64 = body.kind === 'bytes' ? body.base64 : base64Of(body.text)
  return {
    path: uri.replace(/[?#].*$/s, ''),
    proto: {
      method: method.trim().toUpperCase(),
      uri,
      headers: headers
        .filter(({ name }) => name.trim() !== '')
        .map(({ name, value }) => [name.trim(), value]),
      body_b64: base64,
    },
  }
}

/** As many arguments as every engine takes. */
const CHUNK = 8_192

function base64Of(text: string): string {
  const bytes = new TextEncoder().encode(text)
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return btoa(binary)
}

/** A text field of more than so many characters takes a part of a second for each key. */
export const EDITED = 100_000

/** What keeps a body that says it is JSON from being it; null where nothing does. */
export function bodyHint({ headers, body }: Pick<TestRequest, 'headers' | 'body'>): string | null {
  const type = headers.find(({ name }) => name.trim().toLowerCase() === 'content-type')?.value ?? ''
  if (body.kind === 'bytes' || !/\bjson\b/i.test(type) || body.text.trim() === '') return null
  try {
    JSON.parse(body.text)
    return null
  } catch (error) {
    return `Not JSON, so it arrives as text: ${(error as Error).message}`
  }
}
