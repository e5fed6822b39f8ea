/**
 * A body as the panes show it: pretty (JSON indented), raw (as it came) or hex. Only so much is made
 * ready at once, as a page that lays out a megabyte of text answers no click.
 */

export type Body = { readonly body: string; readonly bodyEncoding: 'utf8' | 'base64' }
export type BodyMode = 'pretty' | 'raw' | 'hex'
export type ShownText = { readonly text: string; readonly left: number }

/** Characters, or bytes in hex, that are shown before a reader asks for the rest. */
export const SHOWN = 32_000

/** The ways in which a body can be shown, best first. */
export function bodyModes({ body, bodyEncoding }: Body): readonly BodyMode[] {
  if (bodyEncoding === 'base64') return ['hex', 'raw']
  return indented(body) === null ? ['raw', 'hex'] : ['pretty', 'raw', 'hex']
}

/** `limit`: of characters of the text, or of bytes in hex. */
export function bodyText({ body, bodyEncoding }: Body, mode: BodyMode, limit = SHOWN): ShownText {
  if (mode === 'hex') {
    const bytes = bodyEncoding === 'base64' ? bytesOf(body) : new TextEncoder().encode(body)
    const some = bytes.subarray(0, Math.floor(limit / 4))
    return { text: hexDump(some), left: bytes.length - some.length }
  }
  const text = mode === 'pretty' ? (indented(body) ?? body) : body
  return { text: text.slice(0, limit), left: Math.max(0, text.length - limit) }
}

/** JSON indented by two, or null for what is no object or array. */
export function indented(text: string): string | null {
  if (!/^\s*[[{]/.test(text)) return null
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return null // Not JSON, or cut short: shown as it is.
  }
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
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
