/**
 * What a request's bytes mean (SPEC section 2): JSON text whatever its content type; then, by content
 * type, a form or a multipart form; then text; else base64. Nothing is lost by a wrong guess, since
 * `proto.body_b64` keeps the bytes. JSON is as `JSON.parse` reads it: the last of two equal keys
 * counts and numbers are doubles.
 */
import { decodeText } from './decode-text.ts'
import type { InferredBodyType } from './event.ts'
import { fieldsOf } from './fields.ts'
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
    return isTooDeep(json) ? undefined : value
  } catch {
    return undefined // Text that only begins like JSON.
  }
}

/** Whether valid JSON text nests deeper than the limit. */
function isTooDeep(json: string): boolean {
  if (json.length <= 2 * limits.eventBodyDepth) return false
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === 0x22) i = endOfString(json, i)
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > limits.eventBodyDepth) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}

function endOfString(json: string, start: number): number {
  let i = start + 1
  for (; json.charCodeAt(i) !== 0x22; i++) if (json.charCodeAt(i) === 0x5c) i++
  return i
}
