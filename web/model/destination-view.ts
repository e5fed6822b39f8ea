/** How a destination is, in words: its state, its latency, and what holds it up. */
import type { DestinationWire } from '../../src/inspector/wire-operations.ts'
import { count, duration, plural } from './quantity.ts'
import type { Status } from './status-words.ts'

const states: Readonly<Record<DestinationWire['state'], Status>> = {
  ok: { text: 'OK', tone: 'ok' },
  throttled: { text: 'Throttled', tone: 'waiting' },
  open: { text: 'Retries wait', tone: 'failed' },
  paused: { text: 'Paused', tone: 'waiting' },
}

/** What it takes, and where it takes everything, whether anything got through lately. */
export function destinationState({ state, recent }: DestinationWire): Status {
  const isFailing = state === 'ok' && recent.delivered === 0 && recent.failed > 0
  return isFailing ? { text: 'Failing', tone: 'failed' } : states[state]
}

/** The usual port says nothing, so it is left out. */
export const shownOrigin = (origin: string): string =>
  origin.replace(/^(https:.*):443$/, '$1').replace(/^(http:.*):80$/, '$1')

export function flightText({ inFlight, concurrencyNow, concurrencyCap }: DestinationWire): string {
  const now = concurrencyNow < concurrencyCap ? ` (of ${concurrencyCap})` : ''
  return `${inFlight} / ${concurrencyNow}${now}`
}

export function recentText({ recent }: DestinationWire): string {
  const { delivered, failed } = recent
  if (delivered + failed === 0) return '–'
  return failed === 0 ? count(delivered) : `${count(delivered)} · ${count(failed)} failed`
}

export function latencyText({ recent: { p50Ms, p95Ms } }: DestinationWire): string {
  if (p50Ms === null || p95Ms === null) return '–'
  return `${duration(p50Ms)} · ${duration(p95Ms)}`
}

export function waitingText({ waiting, held }: DestinationWire): string {
  const words = [
    ...(waiting > 0 ? [`${count(waiting)} waiting`] : []),
    ...(held > 0 ? [`${count(held)} held`] : []),
  ]
  return words.join(' · ')
}

export function limitsText({ concurrency, ratePerSecond }: DestinationWire): string {
  const words = [
    ...(concurrency === null ? [] : [`${concurrency} at once`]),
    ...(ratePerSecond === null ? [] : [`${plural(ratePerSecond, 'request')}/s`]),
  ]
  return words.length === 0 ? 'No limits set' : words.join(' · ')
}
