/**
 * A circuit breaker for the retries of one destination. First attempts are none of its business, but
 * their results are: one that gets through closes it.
 *
 *   closed ──► open          half of at least 10 attempts within 60 s failed, or 10 in a row
 *   open ──► half_open       after 30 s, twice as long each time, at most 15 min
 *   half_open ──► closed     the one retry that may go, or a first attempt, got through
 *            └──► open       it did not
 *
 * While it is open retries wait in the store and no attempt is counted. When it closes they do not all
 * come at once: one goes, and each that gets through makes room for one more.
 *
 * Pure: it is told the time, in milliseconds from any point.
 */
import type { BreakerState } from '../model/destination.ts'

const WINDOW_MS = 60_000
const SLICES = 6
const SLICE_MS = WINDOW_MS / SLICES
const LEAST = 10
const IN_A_ROW = 10
const OPEN_MS = 30_000
const OPEN_MS_MAX = 15 * 60_000

type Slice = { readonly number: number; attempts: number; failures: number }

export class Breaker {
  #slices: Slice[] = []
  #failedInARow = 0
  #openMs = OPEN_MS
  /** When it becomes half open; null while it is closed. */
  #until: number | null = null
  #isProbing = false
  #room = 1

  state(nowMs: number): BreakerState {
    if (this.#until === null) return 'closed'
    return nowMs < this.#until ? 'open' : 'half_open'
  }

  /** When it becomes half open; null while it is closed. */
  get until(): number | null {
    return this.#until
  }

  /** How many retries may be in flight. */
  retriesAllowed(nowMs: number): number {
    const state = this.state(nowMs)
    return state === 'closed' ? this.#room : state === 'open' || this.#isProbing ? 0 : 1
  }

  /** A retry starts. */
  begin(nowMs: number): void {
    this.#isProbing = this.state(nowMs) === 'half_open'
  }

  /**
   * An attempt ended. `failed` means that the destination is not well, not that it said no; `unknown` that
   * it never saw the attempt.
   */
  end(isRetry: boolean, result: 'passed' | 'failed' | 'unknown', nowMs: number): void {
    const isProbe = isRetry && this.#isProbing
    if (isProbe) this.#isProbing = false
    if (result === 'unknown') return
    if (result === 'passed') return this.#passed(nowMs)
    this.#failedInARow++
    if (isProbe) {
      this.#openMs = Math.min(this.#openMs * 2, OPEN_MS_MAX)
      this.#until = nowMs + this.#openMs
    } else if (this.#until === null) {
      this.#count(true, nowMs)
      if (this.#isTooMuch(nowMs)) this.#until = nowMs + this.#openMs
    }
  }

  /** Half open at once: somebody wants to know. */
  probe(nowMs: number): void {
    if (this.#until !== null) this.#until = Math.min(this.#until, nowMs)
  }

  /** A person knows better. */
  reset(): void {
    this.#until = null
    this.#isProbing = false
    this.#openMs = OPEN_MS
    this.#failedInARow = 0
    this.#slices = []
    this.#room = 1
  }

  #passed(nowMs: number): void {
    if (this.#until !== null) return this.reset()
    this.#count(false, nowMs)
    this.#failedInARow = 0
    this.#room++
  }

  #count(failed: boolean, nowMs: number): void {
    const number = Math.floor(nowMs / SLICE_MS)
    let slice = this.#slices.at(-1)
    if (slice?.number !== number) {
      slice = { number, attempts: 0, failures: 0 }
      this.#slices.push(slice)
      if (this.#slices.length > SLICES) this.#slices.shift()
    }
    slice.attempts++
    if (failed) slice.failures++
  }

  #isTooMuch(nowMs: number): boolean {
    if (this.#failedInARow >= IN_A_ROW) return true
    const since = Math.floor(nowMs / SLICE_MS) - SLICES
    let attempts = 0
    let failures = 0
    for (const slice of this.#slices) {
      if (slice.number <= since) continue
      attempts += slice.attempts
      failures += slice.failures
    }
    return attempts >= LEAST && failures * 2 >= attempts
  }
}
