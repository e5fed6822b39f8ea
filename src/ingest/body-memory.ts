/**
 * The memory that bodies hold, from their first byte to their answer, in one count over all endpoints.
 * One endpoint may hold half of it, so a flood to one leaves the others room.
 *
 * Invariant: what was taken is given back, in the same amount and for the same endpoint.
 */
export class BodyMemory {
  readonly #limit: number
  readonly #held = new Map<string, number>()
  #total = 0

  constructor(limitBytes: number) {
    this.#limit = limitBytes
  }

  /** Takes memory in any case; false when that is more than there is, and it is to be given back. */
  take(endpoint: string, bytes: number): boolean {
    const held = (this.#held.get(endpoint) ?? 0) + bytes
    this.#held.set(endpoint, held)
    this.#total += bytes
    return this.#total <= this.#limit && held <= this.#limit / 2
  }

  give(endpoint: string, bytes: number): void {
    const held = (this.#held.get(endpoint) ?? 0) - bytes
    if (held > 0) this.#held.set(endpoint, held)
    else this.#held.delete(endpoint)
    this.#total -= bytes
  }
}
