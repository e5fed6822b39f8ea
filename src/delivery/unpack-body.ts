/**
 * Looks into a compressed body: undoes its Content-Encoding as far as a bound, so that what it holds can
 * be searched. A bomb ends at the bound, and damage where it is: what came out before that is given, and
 * that it is not all.
 */
import { once } from 'node:events'
import type { Transform } from 'node:stream'
import { constants } from 'node:zlib'
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib'
import { CODINGS_MOST, contentCodings, isZlib } from '../model/content-codings.ts'
import type { HeaderPair } from '../model/event.ts'

export type Unpacked = {
  readonly bytes: Uint8Array
  /** Nothing more comes out of what was received. */
  readonly isWhole: boolean
}

/** Gives what an end that was cut off still holds, where the default would throw it away. */
const DEFLATE = { finishFlush: constants.Z_SYNC_FLUSH }
const BROTLI = { finishFlush: constants.BROTLI_OPERATION_FLUSH }
const ZSTD = { finishFlush: constants.ZSTD_e_flush }

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Transform>> = {
  gzip: () => createGunzip(DEFLATE),
  'x-gzip': () => createGunzip(DEFLATE),
  // Some send the bare stream without its zlib wrapping.
  deflate: (bytes) => (isZlib(bytes) ? createInflate(DEFLATE) : createInflateRaw(DEFLATE)),
  br: () => createBrotliDecompress(BROTLI),
  zstd: () => createZstdDecompress(ZSTD),
}

/** Undefined where the body is not compressed in a way that is known here. */
export async function unpackBody(
  bytes: Uint8Array,
  headers: readonly HeaderPair[],
  most: number,
): Promise<Unpacked | undefined> {
  const codings = contentCodings(headers)
  if (bytes.length === 0 || codings.length === 0 || codings.length > CODINGS_MOST) return undefined
  let unpacked: Unpacked = { bytes, isWhole: true }
  for (const coding of codings.toReversed()) {
    const decoderOf = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined
    if (!decoderOf) return undefined
    const next = await run(decoderOf(unpacked.bytes), unpacked.bytes, most)
    unpacked = { bytes: next.bytes, isWhole: next.isWhole && unpacked.isWhole }
  }
  return unpacked
}

async function run(decoder: Transform, bytes: Uint8Array, most: number): Promise<Unpacked> {
  const parts: Buffer[] = []
  let size = 0
  const full = Promise.withResolvers<'full'>()
  decoder.on('data', (part: Buffer) => {
    parts.push(part)
    size += part.length
    if (size > most) full.resolve('full')
  })
  // Before `end`: what fails at once would have nobody to tell.
  const ended = once(decoder, 'end').then(
    () => 'whole' as const,
    () => 'damaged' as const,
  )
  decoder.end(bytes)
  const how = await Promise.race([full.promise, ended])
  decoder.destroy()
  return { bytes: Buffer.concat(parts).subarray(0, most), isWhole: how === 'whole' }
}
