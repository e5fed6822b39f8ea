/** The few numbers above the plots. */
import type { StatsWire } from '../../src/inspector/wire-operations.ts'
import { count, duration } from './quantity.ts'
import type { Tone } from './status-words.ts'

export type Headline = {
  readonly name: string
  readonly text: string
  readonly tone?: Tone
  readonly title?: string
}

export function headlinesOf({
  totals,
  successRate,
  queue,
  series,
}: StatsWire): readonly Headline[] {
  const { events, runs, deliveries } = totals
  const faults = runs.failed + runs.timed_out
  const worst = series.reduce((most, { deliveryMs }) => Math.max(most, deliveryMs?.p95 ?? 0), 0)
  const waiting = queue.events + queue.deliveries
  return [
    { name: 'Events', text: count(events) },
    {
      name: 'Failed runs',
      text: count(faults),
      ...(faults > 0 ? { tone: 'failed' as const } : {}),
    },
    {
      name: 'Deliveries',
      text: count(Object.values(deliveries).reduce((sum, one) => sum + one, 0)),
    },
    {
      name: 'Delivered',
      text: successRate === null ? '–' : percent(successRate),
      title: 'Of the deliveries that have ended',
    },
    {
      name: 'Slowest p95',
      text: worst === 0 ? '–' : duration(worst),
      title: 'Of the deliveries of any one part of the span',
    },
    {
      name: 'Waiting now',
      text: waiting === 0 ? 'Nothing' : count(waiting),
      title: `${count(queue.events)} events without a run, ${count(queue.deliveries)} pending deliveries, of all workflows`,
      ...(waiting > 0 ? { tone: 'waiting' as const } : {}),
    },
  ]
}

/** Never 100 % while something failed. */
function percent(share: number): string {
  if (share === 1) return '100 %'
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`
}
