/** The phases of an attempt as bars on one axis: waiting for a place, DNS, connect, TLS, answer, body. */
import type { AttemptWire } from '../../src/inspector/wire-event.ts'

type Timings = NonNullable<AttemptWire['timings']>

export type Bar = {
  readonly name: string
  readonly ms: number
  /** Fractions of the whole axis, 0 to 1. */
  readonly start: number
  readonly length: number
}

/**
 * `firstByteMs` and `totalMs` are counted from the start of the attempt, the phases before them are
 * lengths. A phase that did not happen (a kept connection has no DNS) has no bar.
 */
export function waterfall(timings: Timings): {
  readonly bars: readonly Bar[]
  readonly totalMs: number
} {
  const { queuedMs, dnsMs, connectMs, tlsMs, firstByteMs, totalMs } = timings
  const opened = (dnsMs ?? 0) + (connectMs ?? 0) + (tlsMs ?? 0)
  const waited = firstByteMs === null ? null : Math.max(0, firstByteMs - opened)
  const phases: readonly (readonly [name: string, ms: number | null])[] = [
    ['Queued', queuedMs],
    ['DNS', dnsMs],
    ['Connect', connectMs],
    ['TLS', tlsMs],
    [firstByteMs === null ? 'No answer' : 'First byte', waited ?? Math.max(0, totalMs - opened)],
    ['Body', firstByteMs === null ? null : Math.max(0, totalMs - Math.max(firstByteMs, opened))],
  ]
  const lengths = phases.reduce((sum, [, ms]) => sum + (ms ?? 0), 0)
  const axis = Math.max(lengths, Number.MIN_VALUE)
  let at = 0
  const bars: Bar[] = []
  for (const [name, ms] of phases) {
    if (ms === null) continue
    bars.push({ name, ms, start: at / axis, length: ms / axis })
    at += ms
  }
  return { bars, totalMs: queuedMs + totalMs }
}
