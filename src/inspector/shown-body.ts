/**
 * A body as the API shows it: text where its bytes are UTF-8, or text of the charset that an answer
 * declares; base64 of the bytes as they came otherwise. A compressed answer is shown as the text it holds, if that text is short enough to be
 * unpacked whole; a bomb, a lie and an unknown coding are shown as bytes, never refused (SECURITY.md
 * 115, 116).
 */
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import type { CapturedResponse } from '../model/delivery.ts'
import { decodeText } from '../model/decode-text.ts'
import type { HeaderPair } from '../model/event.ts'
import { limits } from '../model/limits.ts'
import { parseMediaType } from '../model/media-type.ts'

export type ShownBody = { readonly body: string; readonly bodyEncoding: 'utf8' | 'base64' }

type Received = Pick<CapturedResponse, 'headers' | 'truncated' | 'redacted'>

export function shownBody(bytes: Uint8Array, received?: Received): ShownBody {
  const isPacked = received && received.redacted !== 'unpacked'
  const unpacked = isPacked ? unpack(bytes, received.headers) : bytes
  const whole = received?.truncated ? withoutCutCharacter(unpacked) : unpacked
  const text = decodeText(whole, received && charsetOf(received.headers))
  return text === undefined
    ? { body: Buffer.from(bytes).toString('base64'), bodyEncoding: 'base64' }
    : { body: text, bodyEncoding: 'utf8' }
}

/** Of one that ASCII is part of: secrets within were looked for, and masked, as ASCII. */
function charsetOf(headers: readonly HeaderPair[]): string | undefined {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  const charset = parseMediaType(type ?? '').parameters.get('charset')
  return charset && /^utf-?(?:16|32)/i.test(charset) ? undefined : charset
}

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array

const UNPACK: Readonly<Record<string, Unpack>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
}

function unpack(bytes: Uint8Array, headers: readonly HeaderPair[]): Uint8Array {
  const coding = headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1]
  const decompress = UNPACK[coding?.trim().toLowerCase() ?? '']
  if (!decompress) return bytes
  try {
    return decompress(bytes, { maxOutputLength: limits.responseStoredBytes })
  } catch {
    return bytes // Not what it says it is, cut short, or too large: the bytes are what there is to show.
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
