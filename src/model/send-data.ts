/**
 * `data` of `$send.http` as bytes, with the content type that goes with it (SPEC section 4). The
 * result is a copy: what happens to the value after the call changes nothing.
 *
 * What JSON would lose without a word (a function, a Promise that nobody awaited, a Map) is a
 * TypeError here, since the receiver would get something else than the caller wrote.
 */
import { parseMediaType } from './media-type.ts'
import { refuse, refuseIf } from './send-refusal.ts'
import { show } from './send-rules.ts'

export type SerialisedData = {
  readonly body: Uint8Array | null
  /** What the content type is unless the caller chose one; null with no body. */
  readonly contentType: string | null
}

const FORM = 'application/x-www-form-urlencoded'
/** Objects that JSON turns into `{}`, by `Symbol.toStringTag`. */
const LOST_IN_JSON: ReadonlySet<string> = new Set([
  'Promise',
  'Map',
  'Set',
  'WeakMap',
  'WeakSet',
  'WeakRef',
  'FormData',
  'Blob',
  'File',
  'ReadableStream',
  'Request',
  'Response',
  'Headers',
  'ArrayBuffer',
  'Generator',
  'AsyncGenerator',
])

/** Serialises `data`; `contentType` is the caller's own, if any. Throws TypeError naming `data`. */
export function serialiseData(data: unknown, contentType: string | undefined): SerialisedData {
  if (data === undefined) return { body: null, contentType: null }
  if (typeof data === 'string') {
    return { body: Buffer.from(data), contentType: 'text/plain; charset=utf-8' }
  }
  if (data instanceof URLSearchParams) {
    return { body: Buffer.from(data.toString()), contentType: FORM }
  }
  const bytes = bytesOf(data)
  if (bytes) return { body: bytes, contentType: 'application/octet-stream' }
  if (contentType !== undefined && parseMediaType(contentType).type === FORM) {
    return { body: Buffer.from(formOf(data)), contentType: FORM }
  }
  return { body: Buffer.from(jsonOf(data)), contentType: 'application/json' }
}

/** Urlencoded text of named values: arrays repeat the name, null and undefined are left out. */
export function encodeFields(option: string, fields: unknown): string {
  const encoded = new URLSearchParams()
  for (const [name, value] of entriesOf(option, fields)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (item !== null && item !== undefined) encoded.append(name, fieldText(option, name, item))
    }
  }
  return encoded.toString()
}

/** Names and values of an object's own properties, or of pairs (a Map, Headers, URLSearchParams, an array). */
export function entriesOf(option: string, value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) {
    return refuse(option, `must be an object, it is ${show(value)}`)
  }
  if (!(Symbol.iterator in value)) return Object.entries(value)
  return Array.from(value as Iterable<unknown>, (pair): [string, unknown] => {
    if (Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string') {
      return [pair[0], pair[1]]
    }
    return refuse(option, 'must be an object or a list of [name, value] pairs')
  })
}

function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) {
    return Uint8Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return data instanceof ArrayBuffer ? new Uint8Array(data.slice(0)) : undefined
}

function formOf(data: unknown): string {
  const hasFields = typeof data === 'object' && data !== null && !Array.isArray(data)
  if (!hasFields || data instanceof Date) {
    return refuse(
      'data',
      `cannot be sent as a form: it is ${show(data)}, give an object or a string`,
    )
  }
  return encodeFields('data', data)
}

function fieldText(option: string, name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return String(value)
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) refuse(option, `has an invalid date at ${show(name)}`)
    return value.toISOString()
  }
  return refuse(
    option,
    `has ${show(value)} at ${show(name)}: give text, for example with JSON.stringify`,
  )
}

function jsonOf(data: unknown): string {
  let json: string | undefined
  let loss: string | undefined
  try {
    json = JSON.stringify(data)
    loss = lossOf(data, '')
  } catch (cause) {
    const [fact = ''] = String((cause as { message?: unknown } | null)?.message ?? cause).split(
      '\n',
    )
    refuse('data', `cannot be serialised: ${fact}`, cause)
  }
  refuseIf('data', loss)
  return json ?? refuse('data', 'cannot be serialised: its toJSON returns nothing')
}

/**
 * What JSON has left out of a value. A walk of its own, behind `JSON.stringify`: with a replacer, that
 * takes five times as long. What `toJSON` answers for is taken as meant.
 */
function lossOf(value: unknown, path: string): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') {
    return `${placeOf(path)} ${show(value)}, which JSON cannot carry`
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { toJSON, [Symbol.toStringTag]: tag } = value as Record<PropertyKey, unknown>
  if (typeof toJSON === 'function') return undefined
  if (tag === 'Promise') return `${placeOf(path)} a Promise: await it first`
  if (typeof tag === 'string' && LOST_IN_JSON.has(tag)) {
    return `${placeOf(path)} a ${tag}, which JSON cannot carry`
  }
  const keys = Object.keys(value)
  if (keys.length === 0 && value instanceof Error) {
    return `${placeOf(path)} an Error, of which JSON keeps nothing: give its message or stack`
  }
  for (const key of keys) {
    const inner = (value as Record<string, unknown>)[key]
    if (typeof inner === 'string' || typeof inner === 'number') continue
    const loss = lossOf(inner, path === '' ? key : `${path}.${key}`)
    if (loss !== undefined) return loss
  }
  return undefined
}

const placeOf = (path: string): string => (path === '' ? 'is' : `holds at ${show(path)}`)
