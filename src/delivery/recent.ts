/**
 * What has become of a destination's attempts lately: counts by the minute, and how long the last ones
 * took. For people to look at; nothing is decided by it.
 */
import { limits } from '../model/limits.ts'

const SLICE_MS = 60_000
/** Enough for a 95th percentile that does not jump. */
const TIMES = 200

type Slice = { readonly number: number; delivered: number; failed: number }
type Time = { readonly at: number; readonly tookMs: number }

export class Recent {
  #slices: Slice[] = []
  #times: Time[] = []
  #next = 0

  add(delivered: boolean, tookMs: number, nowMs: number): void {
    const number = Math.floor(nowMs / SLICE_MS)
    let slice = this.#slices.at(-1)
    if (slice?.number !== number) {
      slice = { number, delivered: 0, failed: 0 }
      this.#slices.push(slice)
      if (this.#slices.length > limits.destinationRecentMs / SLICE_MS) this.#slices.shift()
    }
    if (delivered) slice.delivered++
    else slice.failed++
    this.#times[this.#next] = { at: nowMs, tookMs }
    this.#next = (this.#next + 1) % TIMES
  }

  summary(nowMs: number) {
    const since = nowMs - limits.destinationRecentMs
    const slices = this.#slices.filter(({ number }) => number * SLICE_MS > since)
    const times = this.#times
      .filter(({ at }) => at > since)
      .map(({ tookMs }) => tookMs)
      .toSorted((a, b) => a - b)
    return {
      delivered: slices.reduce((sum, { delivered }) => sum + delivered, 0),
      failed: slices.reduce((sum, { failed }) => sum + failed, 0),
      p50Ms: quantile(times, 0.5),
      p95Ms: quantile(times, 0.95),
    }
  }
}

/** Of sorted values, to hundredths; null where there are none. */
function quantile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return value === undefined ? null : Math.round(value * 100) / 100
}
