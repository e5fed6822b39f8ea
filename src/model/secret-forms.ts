/**
 * The forms in which a secret value turns up in text: as it is, trimmed, and as it comes out of base64
 * and base64url (at any offset, so within the bytes of a longer text or of JSON too), of percent-encoding,
 * JSON, HTML, JSON pointers and `console.log` write them, and of UTF-8 that was read as Latin-1.
 * Of a value of several lines, each line of 16 characters or more is a form by itself.
 */
import { limits } from './limits.ts'

/** `shared*` say that the character before or behind holds bits of the value and of its neighbour. */
export type Form = {
  readonly text: string
  readonly sharedBefore: boolean
  readonly sharedAfter: boolean
}

/** Shorter forms are not looked for: they are part of every other word. */
export const SHORTEST_FORM = limits.maskedLength

const SHORTEST_LINE = 16
/** What a URL's parser escapes by itself. */
const IN_A_PATH = /[^!-~]|["#<>?^`{}]/gu
const IN_A_QUERY = /[^!-~]|["#'<>]/gu
/** What encoders of JSON escape besides what they must: for HTML's sake (Go), and the like (.NET). */
const UNSAFE_IN_HTML = /[<>&]/g
const UNSAFE_IN_NET = /[^ -~]|["&'+<>`]/g
const NOT_ASCII = /[^ -~]/g
const IS_LATIN1 = /^[\0-ÿ]+$/

export function formsOf(value: string): Form[] {
  const trimmed = value.trim()
  const longLines = longLinesOf(trimmed)
  // Base64 is often of JSON, where a value may read otherwise.
  const encoded = new Set([value, trimmed, ...longLines, inJson(trimmed), ...longLines.map(inJson)])
  return [
    ...[value, trimmed].flatMap(textForms),
    ...longLines.flatMap((line) => [line, inJson(line), inspected(line)]).map(plain),
    ...[...encoded].flatMap(base64Forms),
  ].filter((form) => form.text.length >= SHORTEST_FORM)
}

function textForms(text: string): Form[] {
  if (text.length < SHORTEST_FORM) return []
  const pointer = text.replaceAll('~', '~0').replaceAll('/', '~1')
  const misread = Buffer.from(text).toString('latin1')
  return [
    text,
    pointer,
    misread,
    inspected(text),
    ...jsonForms(text),
    ...htmlForms(text),
    ...urlForms(text),
  ].map(plain)
}

function urlForms(text: string): string[] {
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
  return [...escaped, ...lower]
}

function jsonForms(text: string): string[] {
  const json = inJson(text)
  const slashed = json.replaceAll('/', String.raw`\/`)
  return [
    json,
    slashed,
    json.replaceAll(NOT_ASCII, escape16),
    slashed.replaceAll(NOT_ASCII, escape16),
    json.replaceAll(UNSAFE_IN_HTML, escape16),
    inspected(text).replaceAll(UNSAFE_IN_NET, (char) =>
      escape16(char).toUpperCase().replace('U', 'u'),
    ),
  ]
}

function htmlForms(text: string): string[] {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const quotes = [
    ['&quot;', '&#39;'],
    ['&quot;', '&#x27;'],
    ['&#34;', '&#39;'],
  ] as const
  const quoted = quotes.map(([double, single]) =>
    escaped.replaceAll('"', double).replaceAll("'", single),
  )
  return [escaped, ...quoted]
}

/**
 * What every base64 text has in common that holds these bytes at an offset of 0, 1 or 2 to its groups of
 * three: the characters that no neighbouring byte has a share in.
 */
function base64Forms(text: string): Form[] {
  if (text.length < SHORTEST_FORM) return []
  const bytes = Buffer.from(text)
  return [0, 1, 2].flatMap((offset) => {
    const bits = (offset + bytes.length) * 8
    const from = Math.ceil((offset * 8) / 6)
    const to = Math.floor(bits / 6)
    const whole = Buffer.concat([Buffer.alloc(offset), bytes])
    const sharedBefore = offset > 0
    const sharedAfter = bits % 6 !== 0
    const base64 = whole.toString('base64').slice(from, to)
    const base64url = whole.toString('base64url').slice(from, to)
    const inUrl = encodeURIComponent(base64)
    return [base64, base64url, inUrl, inUrl.replaceAll(/%../g, (code) => code.toLowerCase())].map(
      (form) => ({ text: form, sharedBefore, sharedAfter }),
    )
  })
}

/**
 * The same forms in the bytes of a body, each byte as a character: UTF-8, and in the other charsets that
 * bodies come in (Latin-1, UTF-16) the value as it is, its lines, and as JSON has it.
 */
export function formsInBytes(value: string): Form[] {
  const utf8 = formsOf(value).map(({ text, sharedBefore, sharedAfter }) => ({
    text: latin1Of(Buffer.from(text)),
    sharedBefore,
    sharedAfter,
  }))
  const trimmed = value.trim()
  const others = [trimmed, ...longLinesOf(trimmed)].flatMap((text) => [text, inJson(text)])
  return [...utf8, ...[...new Set(others)].flatMap(inOtherCharsets).map(plain)]
}

function inOtherCharsets(text: string): string[] {
  if (text.length < SHORTEST_FORM) return []
  // With the high byte of what follows, or at the end without: so the other byte order is met too.
  const wide = latin1Of(Buffer.from(text, 'utf16le'))
  return [wide, wide.slice(0, -1), ...(IS_LATIN1.test(text) ? [text] : [])]
}

function longLinesOf(trimmed: string): string[] {
  const lines = trimmed.split(/[\r\n]+/).map((line) => line.trim())
  return lines.length > 1 ? lines.filter((line) => line.length >= SHORTEST_LINE) : []
}

const latin1Of = (bytes: Buffer): string => bytes.toString('latin1')
const plain = (text: string): Form => ({ text, sharedBefore: false, sharedAfter: false })
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)
/** As `console.log` shows a text within an object: it picks quotes that need no escape. */
const inspected = (text: string): string =>
  inJson(text.replaceAll('"', '\u0001')).replaceAll(String.raw`\u0001`, '"')
const escape16 = (char: string): string =>
  String.raw`\u` + char.charCodeAt(0).toString(16).padStart(4, '0')
const percent = (char: string): string =>
  Buffer.from(char).toString('hex').toUpperCase().replaceAll(/../g, '%$&')
