/**
 * Keeps what a destination answers, within bounds: all headers up to 100, the first 64 KiB of the body,
 * the size and SHA-256 of everything that was read, and the word that reading should stop at 1 MiB.
 * Bodies are kept as received: nothing is decompressed or decoded here.
 */
import { createHash, hash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { CapturedResponse } from '../model/delivery.ts'
import type { HeaderPair } from '../model/event.ts'
import { limits } from '../model/limits.ts'

/** What is acted upon is kept wherever it stands. */
const HEEDED: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-type',
  'location',
  'retry-after',
  'transfer-encoding',
])

export class ResponseCapture {
  #status = 0
  #headers: readonly HeaderPair[] = []
  #headersCut = false
  readonly #chunks: Uint8Array[] = []
  #stored = 0
  #size = 0
  /** What came: more than `#size` where the last piece went over what is read. */
  #received = 0
  /** Only once the body outgrows what is stored; until then one call over all of it is cheaper. */
  #hash: Hash | undefined

  get status(): number {
    return this.#status
  }

  /** Bytes of the body so far. */
  get received(): number {
    return this.#received
  }

  get isChunked(): boolean {
    return this.#headers.some(([name]) => name.toLowerCase() === 'transfer-encoding')
  }

  /** Takes status and headers. Interim responses (1xx) are passed over: the final one replaces nothing. */
  begin(status: number, rawHeaders: readonly Buffer[]): void {
    if (status < 200) return
    this.#status = status
    const end = Math.min(rawHeaders.length, 2 * limits.responseHeaderCount)
    const headers = headersOf(rawHeaders, 0, end)
    this.#headersCut = rawHeaders.length > end
    if (this.#headersCut) {
      const rest = headersOf(rawHeaders, end, rawHeaders.length)
      const heeded = rest.filter(([name]) => HEEDED.has(name.toLowerCase())).slice(0, HEEDED.size)
      headers.splice(limits.responseHeaderCount - heeded.length, heeded.length, ...heeded)
    }
    this.#headers = headers
  }

  /** Takes a piece of the body; false once enough was read and the connection should be closed. */
  push(piece: Uint8Array): boolean {
    this.#received += piece.length
    const chunk = piece.subarray(0, limits.responseReadBytes - this.#size)
    const room = limits.responseStoredBytes - this.#stored
    if (chunk.length > room && !this.#hash) {
      this.#hash = createHash('sha256')
      for (const kept of this.#chunks) this.#hash.update(kept)
    }
    this.#hash?.update(chunk)
    this.#size += chunk.length
    if (room > 0) {
      // A copy: a view would hold on to the socket's whole read buffer.
      const kept = Buffer.from(chunk.subarray(0, room))
      this.#chunks.push(kept)
      this.#stored += kept.length
    }
    return this.#size < limits.responseReadBytes
  }

  /** What came of it; null when no final status arrived. `isComplete`: the body was read to its end. */
  finish(isComplete: boolean): CapturedResponse | null {
    if (this.#status === 0) return null
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    return {
      status: this.#status,
      headers: this.#headers,
      body,
      size: this.#size,
      sha256: this.#hash ? this.#hash.digest('hex') : hash('sha256', body),
      truncated: !isComplete || this.#size > this.#stored || this.#headersCut,
    }
  }
}

function headersOf(raw: readonly Buffer[], from: number, end: number): HeaderPair[] {
  const headers: HeaderPair[] = []
  for (let i = from; i < end; i += 2) {
    headers.push([raw[i]!.toString('latin1'), raw[i + 1]!.toString('latin1')])
  }
  return headers
}
