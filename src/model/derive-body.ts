/**
 * What a request's bytes mean (SPEC section 2): JSON text whatever its content type; then, by content
 * type, a form or a multipart form; then text; else base64. Nothing is lost by a wrong guess, since
 * `proto.body_b64` keeps the bytes. JSON is as `JSON.parse` reads it: the last of two equal keys
 * counts and numbers are doubles.
 */
import { decodeText } from './decode-text.ts'
import type { InferredBodyType } from './event.ts'
import { fieldsOf } from './fields.ts'
import { isDeeperThan } from './json-depth.ts'
import { limits } from './limits.ts'
import { parseMediaType } from './media-type.ts'
import { parseMultipart } from './multipart.ts'

export type DerivedBody = { readonly body: unknown; readonly type: InferredBodyType }

/** Infers a body. Never throws: what is not what it claims to be is text, or bytes. */
export function deriveBody(bytes: Uint8Array, contentType: string): DerivedBody {
  if (bytes.length === 0) return { body: null, type: 'EMPTY' }
  const { type, parameters } = parseMediaType(contentType)
  const text = decodeText(bytes, parameters.get('charset'))
  const json = text === undefined ? undefined : parseJson(text)
  if (json !== undefined) return { body: json, type: 'JSON' }
  if (type === 'multipart/form-data') {
    const body = parseMultipart(bytes, parameters.get('boundary') ?? '')
    if (body) return { body, type: 'MULTIPART_FORM' }
  }
  if (text === undefined) return { body: toBase64(bytes), type: 'BINARY' }
  if (type === 'application/x-www-form-urlencoded') return { body: fieldsOf(text), type: 'FORM' }
  return { body: text, type: 'TEXT' }
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** The value of JSON text, or undefined where it is none, or is nested too deep to be worked with. */
function parseJson(text: string): unknown {
  const json = text.startsWith('\ufeff') ? text.slice(1) : text
  // A failed parse costs a stack trace: most text that is no JSON is seen by its first character.
  if (!/^[\t\n\r ]*(?:["[{tfn\d]|-\d)/.test(json)) return undefined
  try {
    const value: unknown = JSON.parse(json)
    return isDeeperThan(limits.eventBodyDepth, json) ? undefined : value
  } catch {
    return undefined // Text that only begins like JSON.
  }
}
