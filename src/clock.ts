/**
 * The only source of time and chance. Parts take a `Clock` and never ask the platform, so a test can
 * hold time still; `monotonicMs` is for durations and never jumps, `nowMs` is for instants.
 */
import { randomBytes } from 'node:crypto'
import { encodeId, uuidV7 } from './model/ids.ts'

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC, an integer. */
  nowMs(): number
  /** Milliseconds, fractional, from an arbitrary point. */
  monotonicMs(): number
  randomBytes(length: number): Uint8Array
  /** Uniform in [0, 1). */
  random(): number
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  randomBytes: (length) => randomBytes(length),
  random: () => Math.random(),
}

const POOL_BYTES = 4_096

/** Draws ids of one clock. Random bytes are fetched in bulk: one call costs more than the copy. */
export class IdSource {
  readonly #clock: Clock
  #pool: Uint8Array = new Uint8Array(0)
  #used = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A fresh, time-ordered id such as `evt_01k...`. */
  next(prefix: 'evt' | 'wf' | 'tok' | 'node' | 'bulk'): string {
    if (this.#used + 10 > this.#pool.length) {
      this.#pool = this.#clock.randomBytes(POOL_BYTES)
      this.#used = 0
    }
    const random = this.#pool.subarray(this.#used, (this.#used += 10))
    return `${prefix}_${encodeId(uuidV7(this.#clock.nowMs(), random))}`
  }

  /** An unguessable name of 128 random bits that also works as a DNS label. */
  key(): string {
    return encodeId(this.#clock.randomBytes(16))
  }

  /** An unguessable secret of 256 random bits, base64url. */
  secret(): string {
    return Buffer.from(this.#clock.randomBytes(32)).toString('base64url')
  }
}
