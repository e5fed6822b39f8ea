/**
 * Sees the bytes of a response before undici does, up to the end of its headers, for two things that
 * cannot be told to undici. Nothing is kept and nothing is copied.
 *
 * `100 Continue` that nothing asked for. RFC 9110 (15.2) has a client pass over interim responses it did
 * not expect, and some servers send this one with every answer; undici ends the connection at it, when
 * the request has long been taken. So it becomes `103`, which undici passes over: one digit changes in
 * place, whatever pieces the bytes arrive in.
 *
 * Headers that are too large. undici parses on to the end of what was read and makes an error for each
 * of them, which takes 150 ms for 64 KiB of small ones. Here they end before that.
 */
import { limits } from '../model/limits.ts'

const [DIGIT_0, DIGIT_1, DIGIT_3] = [0x30, 0x31, 0x33]
/** Where a status stands in `HTTP/1.1 100`. */
const STATUS_AT = 9
const EMPTY_LINE = Buffer.from('\r\n\r\n')

export class ResponseHead {
  #part: 'status line' | 'interim headers' | 'final headers' | 'body' = 'body'
  /** Of this response, interim ones being responses of their own. */
  #bytes = 0
  /** How much of the empty line that ends the headers was seen. */
  #seen = 0

  /** The next bytes begin a response. */
  begin(): void {
    this.#part = 'status line'
    this.#bytes = 0
    this.#seen = 0
  }

  /** False once the headers are too large: then undici should not get these bytes. */
  pass(chunk: Buffer): boolean {
    let at = 0
    while (at < chunk.length && this.#part !== 'body') {
      if (this.#part === 'status line') {
        this.#passStatus(chunk, at++)
        continue
      }
      const end = this.#endOfHeaders(chunk, at)
      this.#bytes += (end === -1 ? chunk.length : end) - at
      if (this.#bytes > limits.responseHeaderBytes) return false
      if (end === -1) return true
      if (this.#part === 'interim headers') this.begin()
      else this.#part = 'body'
      at = end
    }
    return true
  }

  #passStatus(chunk: Buffer, at: number): void {
    const place = this.#bytes++ - STATUS_AT
    if (place < 0) return
    if (place === 0) {
      if (chunk[at] !== DIGIT_1) this.#part = 'final headers'
      return
    }
    if (chunk[at] === DIGIT_0 && place === 1) return
    if (chunk[at] === DIGIT_0) chunk[at] = DIGIT_3
    this.#part = 'interim headers'
  }

  /** Where what follows the empty line begins; -1 where it is not in the chunk. */
  #endOfHeaders(chunk: Buffer, from: number): number {
    let at = from
    while (this.#seen > 0 && at < chunk.length) {
      if (this.#sees(chunk[at++]!)) return at
    }
    const found = chunk.indexOf(EMPTY_LINE, at)
    if (found !== -1) return found + EMPTY_LINE.length
    for (at = Math.max(at, chunk.length - EMPTY_LINE.length + 1); at < chunk.length; at++) {
      this.#sees(chunk[at]!)
    }
    return -1
  }

  /** Whether the byte completes the empty line. */
  #sees(byte: number): boolean {
    this.#seen = byte === EMPTY_LINE[this.#seen] ? this.#seen + 1 : byte === EMPTY_LINE[0] ? 1 : 0
    return this.#seen === EMPTY_LINE.length
  }
}
