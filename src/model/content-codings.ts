/** The Content-Encoding of a message (RFC 9110, 8.4): how its body was compressed, one after another. */
import type { HeaderPair } from './event.ts'

/** That are undone one after another at most; more is nobody's honest answer. */
export const CODINGS_MOST = 3

/** Lower case, in the order in which they were applied; empty where the body is as it is. */
export function contentCodings(headers: readonly HeaderPair[]): readonly string[] {
  return headers
    .filter(([name]) => name.toLowerCase() === 'content-encoding')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
}

/** Whether deflated bytes are in their zlib wrapping; some send the bare stream. */
export const isZlib = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
