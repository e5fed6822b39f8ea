/**
 * Masks values that are known to be secret, wherever they turn up in text or bytes: an account's
 * variables in logs, errors, exports, requests and answers. What is masked reads `••••`; nothing of the
 * value stays. Which forms of a value are found is said in secret-forms.ts; values under 6 characters are
 * not looked for.
 *
 * A value that was cut is found where the text is: at its end, or before an ellipsis. Five characters
 * of it are the most that a cut can leave.
 *
 * What this cannot find: a value that was put together of pieces, reversed, encrypted, or encoded in
 * another way.
 */
import { setField } from './fields.ts'
import { limits } from './limits.ts'
import { formsInBytes, formsOf, SHORTEST_FORM } from './secret-forms.ts'
import type { Form } from './secret-forms.ts'

export type Mask = (text: string) => string
/** The same bytes, the very object, where there is nothing to mask; all others stay as they are. */
export type ByteMask = (bytes: Uint8Array) => Uint8Array

/** What finds the values of one account, in text and in bytes. */
export type Masks = { readonly text: Mask; readonly bytes: ByteMask }

const MASK = '••••'
const TABLE = 0x7fff
const SHIFT = 5
const OF_BASE64 = /[A-Za-z0-9+/_-]/

/** The mask of an account without variables. */
export const maskNothing: Mask = (text) => text
export const NO_MASKS: Masks = { text: maskNothing, bytes: (bytes) => bytes }

/** Makes the mask of these values. One pass over the text, however many values there are. */
export const createMask = (values: readonly string[]): Mask =>
  maskOf(indexOf(values.flatMap(formsOf)), MASK)

/** Makes the masks of these values; `NO_MASKS` where none is long enough to be looked for. */
export function createMasks(values: readonly string[]): Masks {
  const index = indexOf(values.flatMap(formsOf))
  if (index.byStart.size === 0) return NO_MASKS
  let inBytes: Index | undefined
  let mask: Mask | undefined
  return {
    text: maskOf(index, MASK),
    bytes(bytes) {
      inBytes ??= indexOf(values.flatMap(formsInBytes))
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if (!mayHold(inBytes, buffer)) return bytes
      // Latin-1 has a character for each byte, so bytes are masked as text and come back unharmed.
      mask ??= maskOf(inBytes, Buffer.from(MASK).toString('latin1'))
      const before = buffer.toString('latin1')
      const after = mask(before)
      return after === before ? bytes : Buffer.from(after, 'latin1')
    },
  }
}

/** Forms by their first characters, and for a first glance, which three may begin one. */
type Index = { readonly byStart: ReadonlyMap<string, readonly Form[]>; readonly starts: Uint8Array }

function indexOf(forms: readonly Form[]): Index {
  const byStart = new Map<string, Form[]>()
  const starts = new Uint8Array(TABLE + 1)
  for (const form of longestFirst(forms)) {
    const start = form.text.slice(0, SHORTEST_FORM)
    starts[hashAt(start, 0)] = 1
    byStart.set(start, [...(byStart.get(start) ?? []), form])
  }
  return { byStart, starts }
}

/** A first look at bytes, several times as fast as masking: most of what is looked at holds nothing. */
function mayHold({ byStart, starts }: Index, bytes: Buffer): boolean {
  let hash = 0
  for (let end = 0; end < bytes.length; end++) {
    hash = ((hash << SHIFT) ^ bytes[end]!) & TABLE
    if (starts[hash] === 0) continue
    if (byStart.has(bytes.toString('latin1', end - 2, end - 2 + SHORTEST_FORM))) return true
  }
  return false
}

function maskOf({ byStart, starts }: Index, instead: string): Mask {
  if (byStart.size === 0) return maskNothing
  return (text) => {
    let masked = ''
    let done = 0
    let hash = hashBefore(text, 0)
    for (let at = 0; at <= text.length - SHORTEST_FORM; at++) {
      // As `hashAt(text, at)`, made of the one before: this line is what a long text costs.
      hash = ((hash << SHIFT) ^ text.charCodeAt(at + 2)) & TABLE
      if (starts[hash] === 0) continue
      const candidates = byStart.get(text.slice(at, at + SHORTEST_FORM))
      const form =
        candidates?.find((candidate) => text.startsWith(candidate.text, at)) ??
        candidates?.map((candidate) => cutForm(text, at, candidate)).find(Boolean)
      if (!form) continue
      const from = form.sharedBefore && OF_BASE64.test(text[at - 1] ?? '') ? at - 1 : at
      masked += text.slice(done, Math.max(done, from)) + instead
      done = endOf(text, at + form.text.length, form)
      at = done - 1
      hash = hashBefore(text, done)
    }
    return done === 0 ? text : masked + text.slice(done)
  }
}

/**
 * A copy of JSON in which every text and every key is masked; a number too, where it is what a secret
 * reads as. Without secrets it is the value itself.
 */
export function maskJson<Value>(value: Value, mask: Mask): Value {
  return (mask === maskNothing ? value : maskedJson(value, mask, 0)) as Value
}

function maskedJson(value: unknown, mask: Mask, depth: number): unknown {
  if (typeof value === 'string') return mask(value)
  if (typeof value === 'number') return mask(String(value)) === MASK ? MASK : value
  if (typeof value !== 'object' || value === null) return value
  if (depth > limits.eventBodyDepth) return { $error: 'nested too deeply to be shown' }
  if (Array.isArray(value)) return value.map((item) => maskedJson(item, mask, depth + 1))
  const masked = {}
  for (const [key, inner] of Object.entries(value)) {
    setField(masked, freeKey(masked, mask(key)), maskedJson(inner, mask, depth + 1))
  }
  return masked
}

/** Two keys that read alike once they are masked stay two. */
function freeKey(object: object, key: string): string {
  let free = key
  for (let number = 2; Object.hasOwn(object, free); number++) free = `${key} (${number})`
  return free
}

/** As much of a form as stands in front of a cut; undefined where the text goes on otherwise. */
function cutForm(text: string, at: number, { text: whole, sharedBefore }: Form): Form | undefined {
  let length = SHORTEST_FORM
  while (length < whole.length && text[at + length] === whole[length]) length++
  const end = at + length
  const isCut = end === text.length || text.startsWith('...', end) || text[end] === '…'
  return isCut ? { text: whole.slice(0, length), sharedBefore, sharedAfter: false } : undefined
}

/** Of three characters: one that is further back has been shifted out of the table. */
const hashAt = (text: string, at: number): number =>
  ((hashBefore(text, at) << SHIFT) ^ text.charCodeAt(at + 2)) & TABLE

const hashBefore = (text: string, at: number): number =>
  ((text.charCodeAt(at) << SHIFT) ^ text.charCodeAt(at + 1)) & TABLE

function endOf(text: string, end: number, { sharedAfter }: Form): number {
  let at = end
  if (sharedAfter && OF_BASE64.test(text[at] ?? '')) at++
  if (sharedAfter) while (text[at] === '=') at++
  return at
}

function longestFirst(forms: readonly Form[]): Form[] {
  const distinct = new Map(forms.map((form) => [form.text, form]))
  return [...distinct.values()].sort((a, b) => b.text.length - a.text.length)
}
