/** Figures over time as the plots of the overview take them: columns of numbers, and a sentence each. */
import type { FiguresBucketWire, StatsWire } from '../../src/inspector/wire-operations.ts'
import { count, duration, plural } from './quantity.ts'

/** The colors of meanings are for what they mean: percentiles are told apart by lightness and dashes. */
export type Tone = 'accent' | 'ok' | 'failed' | 'plain' | 'faint'
export type Line = {
  readonly name: string
  readonly tone: Tone
  readonly values: readonly (number | null)[]
}

export type Plot = {
  readonly title: string
  readonly kind: 'bars' | 'lines'
  readonly unit: 'count' | 'ms'
  readonly lines: readonly Line[]
  /** What the picture says, for who does not see it. */
  readonly spoken: string
}

export type Plots = {
  /** Instants in seconds, as the plots want them. */
  readonly at: readonly number[]
  readonly plots: readonly Plot[]
}

export function plotsOf({ series, totals }: StatsWire): Plots {
  const of = (read: (bucket: FiguresBucketWire) => number | null): (number | null)[] =>
    series.map(read)
  const { runs, deliveries } = totals
  const undelivered = deliveries.failed + deliveries.blocked
  const faults = runs.failed + runs.timed_out
  const ran = runs.succeeded + runs.ended + faults
  return {
    at: series.map(({ at }) => Date.parse(at) / 1000),
    plots: [
      {
        title: 'Events',
        kind: 'bars',
        unit: 'count',
        lines: [{ name: 'Received', tone: 'accent', values: of(({ events }) => events) }],
        spoken: plural(totals.events, 'event'),
      },
      {
        title: 'Runs',
        kind: 'bars',
        unit: 'count',
        lines: [
          { name: 'Ran', tone: 'ok', values: of((one) => one.runs.succeeded + one.runs.ended) },
          {
            name: 'Failed',
            tone: 'failed',
            values: of((one) => one.runs.failed + one.runs.timed_out),
          },
        ],
        spoken: `${plural(ran, 'run')}, ${count(faults)} failed`,
      },
      {
        title: 'Deliveries',
        kind: 'bars',
        unit: 'count',
        lines: [
          { name: 'Delivered', tone: 'ok', values: of((one) => one.deliveries.delivered) },
          {
            name: 'Failed',
            tone: 'failed',
            values: of((one) => one.deliveries.failed + one.deliveries.blocked),
          },
        ],
        spoken: `${count(deliveries.delivered)} delivered, ${count(undelivered)} failed`,
      },
      latency('Time to deliver', series, ({ deliveryMs }) => deliveryMs),
      latency('Run time', series, ({ runMs }) => runMs),
      latency('Wait before the run', series, ({ delayMs }) => delayMs),
    ],
  }
}

function latency(
  title: string,
  series: StatsWire['series'],
  read: (bucket: FiguresBucketWire) => FiguresBucketWire['runMs'],
): Plot {
  const all = series.map(read)
  const worst = Math.max(0, ...all.map((one) => one?.p99 ?? 0))
  return {
    title,
    kind: 'lines',
    unit: 'ms',
    lines: [
      { name: 'p50', tone: 'accent', values: all.map((one) => one?.p50 ?? null) },
      { name: 'p95', tone: 'plain', values: all.map((one) => one?.p95 ?? null) },
      { name: 'p99', tone: 'faint', values: all.map((one) => one?.p99 ?? null) },
    ],
    spoken: worst === 0 ? 'nothing to show yet' : `p99 up to ${duration(worst)}`,
  }
}

/** What an axis of durations is marked with. Tenfold steps, as people count: seconds, minutes, hours. */
const MARKS = [0.1, 1, 10, 100, 1e3, 1e4, 6e4, 6e5, 3.6e6, 3.6e7, 3.6e8]

/**
 * The ends of an axis of durations, in milliseconds: marks around all values. Each mark is as far from the
 * next, for one run of half a minute would press all that take milliseconds to the floor.
 */
export function durationSpan(least: number | null, most: number | null): [number, number] {
  const from = MARKS.slice(0, -1).findLast((mark) => mark <= (least ?? 1)) ?? MARKS[0]!
  const to = MARKS.find((mark) => mark > from && mark >= (most ?? 100)) ?? MARKS.at(-1)!
  return [from, to]
}

export const durationMarks = (from: number, to: number): number[] =>
  MARKS.filter((mark) => mark >= from && mark <= to)

/** `10 ms`, `1 s`, `10 min`, `1 h`. */
export function markText(ms: number): string {
  if (ms < 1e3) return `${ms} ms`
  if (ms < 6e4) return `${ms / 1e3} s`
  return ms < 3.6e6 ? `${ms / 6e4} min` : `${ms / 3.6e6} h`
}

/** On such an axis nothing is nothing at all. */
export const atLeastMark = (ms: number | null): number | null =>
  ms === null ? null : Math.max(ms, MARKS[0]!)
