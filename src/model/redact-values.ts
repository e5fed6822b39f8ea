/**
 * Masks values that are known to be secret, wherever they turn up in text: an account's variables in
 * logs, errors, exports, requests and answers. What is masked reads `••••`; nothing of the value stays.
 *
 * A value is found as it is, trimmed, and as it comes out of base64 and base64url (at any offset, so
 * within the bytes of a longer text too), of percent-encoding as the usual encoders do it, of JSON and of
 * a JSON pointer. Of a value of several lines, each line of 16 characters or more is found by itself.
 * Values under 6 characters are not looked for: they are part of every other word.
 *
 * A value that was cut is found where the text is: at its end, or before an ellipsis.
 *
 * What this cannot find: a value that was put together of pieces, reversed, encrypted, or encoded in
 * another way.
 */
import { setField } from './fields.ts'
import { limits } from './limits.ts'

export type Mask = (text: string) => string

const MASK = '••••'
const SHORTEST = limits.maskedLength
const SHORTEST_LINE = 16
const TABLE = 0xffff
const OF_BASE64 = /[A-Za-z0-9+/_-]/
/** What a URL's parser escapes by itself. */
const IN_A_PATH = /[^!-~]|["#<>?^`{}]/gu
const IN_A_QUERY = /[^!-~]|["#'<>]/gu

/** `shared*` say that the character before or behind holds bits of the value and of its neighbour. */
type Form = { readonly text: string; readonly sharedBefore: boolean; readonly sharedAfter: boolean }

/** The mask of an account without variables. */
export const maskNothing: Mask = (text) => text

/** Makes the mask of these values. One pass over the text, however many values there are. */
export function createMask(values: readonly string[]): Mask {
  const byStart = new Map<string, Form[]>()
  const starts = new Uint8Array(TABLE + 1)
  for (const form of longestFirst(values.flatMap(formsOf))) {
    const start = form.text.slice(0, SHORTEST)
    starts[hashAt(start, 0)] = 1
    byStart.set(start, [...(byStart.get(start) ?? []), form])
  }
  if (byStart.size === 0) return maskNothing
  return (text) => {
    let masked = ''
    let done = 0
    for (let at = 0; at <= text.length - SHORTEST; at++) {
      if (starts[hashAt(text, at)] === 0) continue
      const candidates = byStart.get(text.slice(at, at + SHORTEST))
      const form =
        candidates?.find((candidate) => text.startsWith(candidate.text, at)) ??
        candidates?.map((candidate) => cutForm(text, at, candidate)).find(Boolean)
      if (!form) continue
      const from = form.sharedBefore && OF_BASE64.test(text[at - 1] ?? '') ? at - 1 : at
      masked += text.slice(done, Math.max(done, from)) + MASK
      done = endOf(text, at + form.text.length, form)
      at = done - 1
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
  let length = SHORTEST
  while (length < whole.length && text[at + length] === whole[length]) length++
  const end = at + length
  const isCut = end === text.length || text.startsWith('...', end) || text[end] === '…'
  return isCut ? { text: whole.slice(0, length), sharedBefore, sharedAfter: false } : undefined
}

function hashAt(text: string, at: number): number {
  const first = text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31
  return (first + text.charCodeAt(at + 2)) & TABLE
}

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

function formsOf(value: string): Form[] {
  const trimmed = value.trim()
  const lines = trimmed.split(/[\r\n]+/).map((line) => line.trim())
  const longLines = lines.length > 1 ? lines.filter((line) => line.length >= SHORTEST_LINE) : []
  return [
    ...[value, trimmed].flatMap((text) => textForms(text).concat(base64Forms(text))),
    ...longLines.flatMap((line) => [line, inJson(line)]).map(plain),
  ].filter((form) => form.text.length >= SHORTEST)
}

function textForms(text: string): Form[] {
  if (text.length < SHORTEST) return []
  const escaped = [
    encodeURIComponent(text),
    encodeURIComponent(text).replaceAll(/[!'()*]/g, percent),
    encodeURI(text),
    text.replaceAll(IN_A_PATH, percent),
    text.replaceAll(IN_A_QUERY, percent),
    new URLSearchParams({ '': text }).toString().slice(1),
  ]
  const lower = escaped.map((form) =>
    form.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  )
  const pointer = text.replaceAll('~', '~0').replaceAll('/', '~1')
  return [text, inJson(text), pointer, ...escaped, ...lower].map(plain)
}

/**
 * What every base64 text has in common that holds these bytes at an offset of 0, 1 or 2 to its groups of
 * three: the characters that no neighbouring byte has a share in.
 */
function base64Forms(text: string): Form[] {
  if (text.length < SHORTEST) return []
  const bytes = Buffer.from(text)
  return [0, 1, 2].flatMap((offset) => {
    const bits = (offset + bytes.length) * 8
    const from = Math.ceil((offset * 8) / 6)
    const to = Math.floor(bits / 6)
    const whole = Buffer.concat([Buffer.alloc(offset), bytes])
    const sharedBefore = offset > 0
    const sharedAfter = bits % 6 !== 0
    return (['base64', 'base64url'] as const).map((encoding) => {
      const form = whole.toString(encoding).slice(from, to)
      return { text: form, sharedBefore, sharedAfter }
    })
  })
}

const plain = (text: string): Form => ({ text, sharedBefore: false, sharedAfter: false })
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)
const percent = (char: string): string =>
  Buffer.from(char).toString('hex').toUpperCase().replaceAll(/../g, '%$&')
