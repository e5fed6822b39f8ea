/** A day of events in 24 bars, and the words that say the same. */
import type { ActivityWire } from '../../src/inspector/wire-operations.ts'
import { count, plural } from './quantity.ts'

export type Sparkline = {
  /** 0 to 1, oldest first; what is not nothing is never quite 0. */
  readonly bars: readonly number[]
  readonly total: number
  readonly spoken: string
}

const LEAST = 0.12

export function sparklineOf({ hours }: Pick<ActivityWire, 'hours'>): Sparkline {
  const most = Math.max(1, ...hours)
  const total = hours.reduce((sum, hour) => sum + hour, 0)
  return {
    bars: hours.map((hour) => (hour === 0 ? 0 : Math.max(LEAST, hour / most))),
    total,
    spoken: `${plural(total, 'event')} in the last 24 hours, at most ${count(most)} an hour`,
  }
}
