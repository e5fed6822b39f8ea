/**
 * `Dest`, the one number of an event: delivered of total. Its tone is what has become of the rest. The
 * text always goes with it, so color never speaks alone.
 */
import type { EventDetailWire, EventRowWire } from '../../src/inspector/wire-event.ts'

export type DestTone = 'none' | 'waiting' | 'ok' | 'failed'
export type DestView = { readonly text: string; readonly tone: DestTone; readonly spoken: string }

type Counts = { readonly delivered: number; readonly total: number; readonly failed: number }

export function destView({ delivered, total, failed }: Counts): DestView {
  const text = `${delivered}/${total}`
  if (total === 0) return { text, tone: 'none', spoken: 'nothing sent' }
  const of = `${delivered} of ${total} delivered`
  if (failed > 0) return { text, tone: 'failed', spoken: `${of}, ${failed} failed` }
  if (delivered < total) return { text, tone: 'waiting', spoken: `${of}, the rest is on its way` }
  return { text, tone: 'ok', spoken: of }
}

/** An event that was refused had no run, so it has no `Dest` either. */
export function destOfRow(row: EventRowWire): DestView | null {
  return row.error || row.status === null ? null : destView({ ...row.dest, failed: row.failed })
}

export function destOfDetail({ dest, deliveries }: EventDetailWire): DestView {
  const failed = deliveries.filter(({ status }) => hasFailed(status)).length
  return destView({ ...dest, failed })
}

/** Ended without having been delivered. One that is held waits for a person, so it has not ended. */
const hasFailed = (status: string): boolean =>
  status === 'failed' || status === 'blocked' || status === 'canceled'
