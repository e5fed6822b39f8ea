/**
 * What a command prints of what came from outside. Control characters, and those that reorder or hide
 * text, are escaped, so that no event, name or answer can drive the terminal or read as something that
 * it is not.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** For people, on one line. */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`)
}

/** For programs, on one line: JSON that reads back the same. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(HIDDEN, (one) =>
    // JSON escapes halves of a pair.
    Array.from({ length: one.length }, (_, at) => `\\u${hexOf(one.charCodeAt(at))}`).join(''),
  )
}

const hexOf = (code: number): string => code.toString(16).padStart(4, '0')
