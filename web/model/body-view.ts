/**
 * A body as the panes show it: pretty (JSON indented), raw (as it came) or hex. Only so much is made
 * ready at once, as a page that lays out a megabyte of text answers no click.
 */
import { indentJson } from './indent-json.ts'

export type Body = { readonly body: string; readonly bodyEncoding: 'utf8' | 'base64' }
export type BodyMode = 'pretty' | 'raw' | 'hex'
export type ShownText = { readonly text: string; readonly left: number }

/** Characters, or bytes in hex, that are shown before a reader asks for the rest. */
export const SHOWN = 32_000
/** As many more are shown each time somebody asks, up to all that a page can lay out. */
const MORE = 512_000
export const MOST = 1_100_000
/** Reading it as JSON takes the page as long as a person notices, from here on. */
const LONGEST_PRETTY = 4_000_000

/** The ways in which a body can be shown, best first. */
export function bodyModes({ body, bodyEncoding }: Body): readonly BodyMode[] {
  if (bodyEncoding === 'base64') return ['hex', 'raw']
  return isCollection(body) ? ['pretty', 'raw', 'hex'] : ['raw', 'hex']
}

export const moreThan = (limit: number): number => Math.min(MOST, limit + MORE)

/** `limit`: of characters of the text, or of bytes in hex. `mode` is one that the body has. */
export function bodyText({ body, bodyEncoding }: Body, mode: BodyMode, limit = SHOWN): ShownText {
  if (mode === 'hex') {
    const bytes = bodyEncoding === 'base64' ? bytesOf(body) : new TextEncoder().encode(body)
    const some = bytes.subarray(0, Math.floor(limit / 4))
    return { text: hexDump(some), left: bytes.length - some.length }
  }
  if (mode === 'pretty') return indentJson(body, limit)
  return { text: body.slice(0, limit), left: Math.max(0, body.length - limit) }
}

/** JSON indented by two, or null for what is no object or array. */
export const indented = (text: string): string | null =>
  isCollection(text) ? indentJson(text).text : null

function isCollection(text: string): boolean {
  if (text.length > LONGEST_PRETTY || !/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false // Not JSON, or cut short: shown as it is.
  }
}

export function bytesOf(base64: string): Uint8Array {
  const binary = atob(base64)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

/** `00000010  68 65 6c 6c 6f … |hello|`: offset, sixteen bytes, and what of them is printable. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0'))
    const halves = `${hex.slice(0, 8).join(' ').padEnd(23)}  ${hex.slice(8).join(' ').padEnd(23)}`
    const text = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.'))
    lines.push(`${at.toString(16).padStart(8, '0')}  ${halves}  |${text.join('')}|`)
  }
  return lines.join('\n')
}
