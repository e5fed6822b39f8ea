/** Figures over time: buckets that begin on round instants, and quantiles of what fell into one. */

export type Quantiles = { readonly p50: number; readonly p95: number; readonly p99: number }

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** What a bucket may span: each is a multiple of the one before, or nearly, and reads well on an axis. */
const WIDTHS = [
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  30 * DAY,
] as const

export type Buckets = { readonly from: number; readonly widthMs: number; readonly count: number }

/** The narrowest buckets of which at most `most` cover the span; undefined when it is too long for any. */
export function bucketsOf(from: number, to: number, most: number): Buckets | undefined {
  for (const widthMs of WIDTHS) {
    const first = Math.floor(from / widthMs)
    const count = Math.ceil(to / widthMs) - first
    if (count <= most) return { from: first * widthMs, widthMs, count }
  }
  return undefined
}

/** By the nearest rank; null where nothing fell. */
export function quantilesOf(values: readonly number[]): Quantiles | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1]!
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
