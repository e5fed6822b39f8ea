/**
 * A body as the API shows it: text where its bytes are UTF-8, or text of the charset that an answer
 * declares; base64 of the bytes as they came otherwise. A compressed answer is shown as the text it
 * holds, or the beginning of that; a bomb, a lie and an unknown coding are shown as bytes, never refused
 * (SECURITY.md 115, 116).
 */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib'
import { CODINGS_MOST, contentCodings, isZlib } from '../model/content-codings.ts'
import type { CapturedResponse } from '../model/delivery.ts'
import { decodeText } from '../model/decode-text.ts'
import type { HeaderPair } from '../model/event.ts'
import { limits } from '../model/limits.ts'
import { parseMediaType } from '../model/media-type.ts'

export type ShownBody = { readonly body: string; readonly bodyEncoding: 'utf8' | 'base64' }
export type ShownAnswer = ShownBody & { readonly truncated: boolean }

type Received = Pick<CapturedResponse, 'headers' | 'truncated' | 'redacted'>

export function shownBody(bytes: Uint8Array): ShownBody {
  return textOr(bytes, bytes)
}

/** The same of an answer; `truncated` too where only the beginning of a compressed one is shown. */
export function shownAnswer(bytes: Uint8Array, received: Received): ShownAnswer {
  const { headers, truncated, redacted } = received
  const unpacked =
    redacted === 'unpacked'
      ? undefined
      : unpack({ bytes, isCut: truncated }, contentCodings(headers))
  const { bytes: held, isCut } = unpacked ?? { bytes, isCut: truncated }
  const whole = isCut ? withoutCutCharacter(held) : held
  const shown = textOr(whole, bytes, charsetOf(headers))
  return { ...shown, truncated: shown.bodyEncoding === 'utf8' ? isCut : truncated }
}

function textOr(bytes: Uint8Array, instead: Uint8Array, charset?: string): ShownBody {
  const text = decodeText(bytes, charset)
  return text === undefined
    ? { body: Buffer.from(instead).toString('base64'), bodyEncoding: 'base64' }
    : { body: text, bodyEncoding: 'utf8' }
}

/** Of one that ASCII is part of: secrets within were looked for, and masked, as ASCII. */
function charsetOf(headers: readonly HeaderPair[]): string | undefined {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  const charset = parseMediaType(type ?? '').parameters.get('charset')
  return charset && /^utf-?(?:16|32)/i.test(charset) ? undefined : charset
}

/** `isCut`: there is more of it than these bytes. */
type Part = { readonly bytes: Uint8Array; readonly isCut: boolean }
type Options = { readonly maxOutputLength: number; readonly finishFlush?: number }
type Unpack = (bytes: Uint8Array, options: Options) => Uint8Array

/** How each is undone, and how it is told that what it gets is a beginning. */
const UNPACK: Readonly<Record<string, readonly [Unpack, cut: number]>> = {
  gzip: [gunzipSync, constants.Z_SYNC_FLUSH],
  'x-gzip': [gunzipSync, constants.Z_SYNC_FLUSH],
  deflate: [
    (bytes, options) => (isZlib(bytes) ? inflateSync : inflateRawSync)(bytes, options),
    constants.Z_SYNC_FLUSH,
  ],
  br: [brotliDecompressSync, constants.BROTLI_OPERATION_FLUSH],
  zstd: [zstdDecompressSync, constants.ZSTD_e_flush],
}
/** Text is never packed as well as that: past it, it is a bomb. */
const RATIO = 100
/** Halvings after which the beginning of a body that fits is found closely enough. */
const LOOKS = 8

/** Undefined where it is not compressed, or not in a way that can be undone. */
function unpack(received: Part, codings: readonly string[]): Part | undefined {
  if (codings.length === 0 || codings.length > CODINGS_MOST) return undefined
  let part: Part | undefined = received
  for (const coding of codings.toReversed()) {
    const known = Object.hasOwn(UNPACK, coding) ? UNPACK[coding] : undefined
    part = known && undo(known, part)
    if (!part) return undefined
  }
  return part
}

/** As much as may be unpacked: all of it, or what the longest beginning gives that stays within the bound. */
function undo(
  [decompress, cut]: (typeof UNPACK)[string],
  { bytes, isCut }: Part,
): Part | undefined {
  const first = tryTo(decompress, bytes, isCut ? cut : undefined)
  if (first !== 'too large') return first && { bytes: first, isCut }
  if (bytes.length * RATIO < limits.responseStoredBytes) return undefined
  let found: Uint8Array | undefined
  let [fits, exceeds] = [0, bytes.length]
  for (let look = 0; look < LOOKS && exceeds - fits > 1; look++) {
    const length = Math.floor((fits + exceeds) / 2)
    const held = tryTo(decompress, bytes.subarray(0, length), cut)
    if (held === 'too large') exceeds = length
    else [fits, found] = [length, held]
  }
  return found && found.length > 0 && found.length <= fits * RATIO
    ? { bytes: found, isCut: true }
    : undefined
}

/** Undefined where the bytes are not what they are said to be. */
function tryTo(
  decompress: Unpack,
  bytes: Uint8Array,
  finishFlush: number | undefined,
): Uint8Array | 'too large' | undefined {
  const bound = { maxOutputLength: limits.responseStoredBytes }
  try {
    return decompress(bytes, finishFlush === undefined ? bound : { ...bound, finishFlush })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? 'too large'
      : undefined
  }
}

/** Drops the character that a cut at a byte count left unfinished: its first byte tells its length. */
function withoutCutCharacter(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return bytes
    if (byte < 0xc0) continue
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes
  }
  return bytes
}
