/**
 * Lets responses begin with `100 Continue` though nothing asked for it. RFC 9110 (15.2) has a client
 * pass over interim responses it did not expect, and some servers send this one with every answer;
 * undici ends the connection at it, when the request has long been taken. So, on the way from the
 * socket to undici, it becomes `103`, which undici passes over. Nothing is kept and nothing is copied:
 * one digit changes in place, whatever pieces the bytes arrive in.
 */

const [DIGIT_0, DIGIT_1, DIGIT_3] = [0x30, 0x31, 0x33]
/** Where a status stands in `HTTP/1.1 100`. */
const STATUS_AT = 9
const EMPTY_LINE = Buffer.from('\r\n\r\n')

export class InterimResponses {
  #part: 'status line' | 'headers' | 'final' = 'final'
  /** How much of the status line, or of the empty line that ends the headers, was seen. */
  #seen = 0

  /** The next bytes begin a response. */
  begin(): void {
    this.#part = 'status line'
    this.#seen = 0
  }

  pass(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.#part !== 'final'; at++) {
      if (this.#part === 'headers') this.#passHeader(chunk[at]!)
      else this.#passStatus(chunk, at)
    }
  }

  #passStatus(chunk: Uint8Array, at: number): void {
    const place = this.#seen++ - STATUS_AT
    if (place < 0) return
    if (place === 0) {
      if (chunk[at] !== DIGIT_1) this.#part = 'final'
      return
    }
    if (chunk[at] === DIGIT_0 && place === 1) return
    if (chunk[at] === DIGIT_0) chunk[at] = DIGIT_3
    this.#part = 'headers'
    this.#seen = 0
  }

  #passHeader(byte: number): void {
    const expected = EMPTY_LINE[this.#seen]
    this.#seen = byte === expected ? this.#seen + 1 : byte === EMPTY_LINE[0] ? 1 : 0
    if (this.#seen === EMPTY_LINE.length) this.begin()
  }
}
