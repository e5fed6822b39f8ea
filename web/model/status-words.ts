/**
 * States in words: what a run, a step and a delivery are called on the screen, and which of the three
 * meanings (ok, failed, waiting) they carry. Everything else is plain or faint.
 */
import type { DeliveryRowWire } from '../../src/inspector/wire-operations.ts'
import type { DeliveryWire, EventDetailWire, EventRowWire } from '../../src/inspector/wire-event.ts'

export type Tone = 'ok' | 'failed' | 'waiting' | 'plain' | 'faint'
export type Status = { readonly text: string; readonly tone: Tone }

type Run = NonNullable<EventDetailWire['run']>

const runs: Readonly<Record<Run['status'], Status>> = {
  queued: { text: 'Queued', tone: 'waiting' },
  running: { text: 'Running', tone: 'waiting' },
  succeeded: { text: 'Succeeded', tone: 'ok' },
  ended: { text: 'Ended by $end', tone: 'plain' },
  failed: { text: 'Failed', tone: 'failed' },
  timed_out: { text: 'Timed out', tone: 'failed' },
}

const stepStates: Readonly<Record<Run['steps'][number]['status'], Status>> = {
  succeeded: { text: 'Succeeded', tone: 'ok' },
  failed: { text: 'Failed', tone: 'failed' },
  ended: { text: 'Ended the run', tone: 'plain' },
  timed_out: { text: 'Timed out', tone: 'failed' },
  skipped: { text: 'Skipped', tone: 'faint' },
  not_run: { text: 'Not run', tone: 'faint' },
}

const deliveries: Readonly<Record<DeliveryWire['status'], Status>> = {
  pending: { text: 'Pending', tone: 'waiting' },
  sending: { text: 'Sending', tone: 'waiting' },
  delivered: { text: 'Delivered', tone: 'ok' },
  failed: { text: 'Failed', tone: 'failed' },
  blocked: { text: 'Blocked', tone: 'failed' },
  canceled: { text: 'Canceled', tone: 'faint' },
  held: { text: 'Held', tone: 'waiting' },
}

const outcomes = {
  delivered: { text: 'Delivered', tone: 'ok' },
  failed: { text: 'Failed', tone: 'failed' },
  blocked: { text: 'Blocked', tone: 'failed' },
  interrupted: { text: 'Interrupted', tone: 'waiting' },
} as const satisfies Record<DeliveryWire['attempts'][number]['outcome'], Status>

export const runStatus = (status: Run['status']): Status => runs[status]
export const stepStatus = (status: Run['steps'][number]['status']): Status => stepStates[status]
export const deliveryStatus = (status: DeliveryWire['status']): Status => deliveries[status]
export const attemptOutcome = (outcome: keyof typeof outcomes): Status => outcomes[outcome]

/** What the Messages column of a row says: why it did not run, how it ended, or nothing. */
export function rowMessage(row: EventRowWire): Status | null {
  if (row.error) return { text: row.error.message, tone: 'failed' }
  if (row.status === 'queued' || row.status === 'running') {
    return { text: runs[row.status].text.toLowerCase(), tone: 'waiting' }
  }
  if (row.message === null) return null
  const isFault = row.status === 'failed' || row.status === 'timed_out'
  return { text: row.message, tone: isFault ? 'failed' : 'plain' }
}

/** A send of a dry run. */
export const capturedResult: Status = { text: 'captured', tone: 'faint' }

/** The same of a row in the list of all deliveries. */
export function rowResult({ status, code, last }: DeliveryRowWire): Status {
  const { text, tone } = deliveries[status]
  const answered = last?.status ?? null
  if (status === 'delivered') return { text: answered === null ? text : String(answered), tone }
  if (status === 'failed') {
    return {
      text: code === 'http_status' && answered !== null ? String(answered) : (code ?? text),
      tone,
    }
  }
  return { text, tone }
}

/** What a delivery's one line ends with: the answer's status, else the reason there is none. */
export function deliveryResult({ status, code, attempts }: DeliveryWire): Status {
  const { text, tone } = deliveries[status]
  const answered = attempts.findLast(({ response }) => response !== null)?.response
  if (status === 'delivered' || code === 'http_status') {
    return { text: answered ? String(answered.status) : text, tone }
  }
  return { text: code ?? text.toLowerCase(), tone }
}
