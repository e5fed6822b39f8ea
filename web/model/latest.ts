/** The latest events of a workflow in short: a mark for each, and the last thing that went wrong. */
import type { EventRowWire } from '../../src/inspector/wire.ts'
import { plural } from './quantity.ts'

export type Mark = 'ok' | 'failed' | 'waiting' | 'none'

export type Latest = {
  /** Oldest first, as a strip is read. */
  readonly marks: readonly Mark[]
  readonly spoken: string
  readonly lastAt: string | null
  readonly lastError: {
    readonly eventId: string
    readonly text: string
    readonly at: string
  } | null
}

export function latestOf(rows: readonly EventRowWire[]): Latest {
  const marks = rows.map(markOf)
  const failed = marks.filter((mark) => mark === 'failed').length
  const wrong = rows.find((row) => markOf(row) === 'failed')
  return {
    marks: marks.toReversed(),
    spoken: `${plural(rows.length, 'event')}, ${failed} failed`,
    lastAt: rows[0]?.receivedAt ?? null,
    lastError: wrong ? { eventId: wrong.id, text: textOf(wrong), at: wrong.receivedAt } : null,
  }
}

function markOf({ error, status, failed, dest }: EventRowWire): Mark {
  if (error || failed > 0 || status === 'failed' || status === 'timed_out') return 'failed'
  if (status === null || status === 'ended') return 'none'
  return status === 'succeeded' && dest.delivered >= dest.total ? 'ok' : 'waiting'
}

const textOf = ({ error, message, failed, dest, status }: EventRowWire): string =>
  error?.message ??
  (status === 'failed' || status === 'timed_out' ? message : null) ??
  `${failed} of ${plural(dest.total, 'delivery', 'deliveries')} failed`
