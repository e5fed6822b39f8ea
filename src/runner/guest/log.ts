/**
 * Log entries of user code: one way to write them, for console, stdout and late reports alike. A run may
 * write 256 KiB; past that one visible entry says so and the rest is dropped. What is written after the
 * run's end is reported as late, under the same kind of bound.
 */
import { Buffer } from 'node:buffer'
import { limits } from '../../model/limits.ts'
import type { LogEntry } from '../../model/run.ts'
import { LATE_ENTRIES, LOG_ENTRY_BYTES } from '../protocol.ts'
import type { Line } from './line.ts'
import type { StepState } from './run-state.ts'

const LATE_TEXT_LENGTH = 8_192

const byteLength = Buffer.byteLength.bind(Buffer)
const nearest = Math.round
const now = performance.now.bind(performance)

export type Log = (step: StepState, level: LogEntry['level'], text: string) => void

export function createLog(line: Line, readable: (text: string) => string): Log {
  return (step, level, written) => {
    const { run } = step
    const text = readable(written)
    if (run.over) return late(line, step, level, text)
    if (run.logBytes > limits.runLogBytes) return
    run.logBytes += byteLength(text) + LOG_ENTRY_BYTES
    const fits = run.logBytes <= limits.runLogBytes
    line.sendNow({
      type: 'log',
      run: run.nonce,
      step: step.index,
      at: round(now() - run.begunMs),
      level: fits ? level : 'warn',
      text: fits ? text : LOG_LIMIT,
    })
  }
}

const LOG_LIMIT = `log limit: a run may log ${limits.runLogBytes / 1024} KiB, what follows is dropped`

function late(line: Line, step: StepState, level: LogEntry['level'], text: string): void {
  const { run } = step
  run.lateEntries++
  if (run.lateEntries > LATE_ENTRIES) return
  const last = run.lateEntries === LATE_ENTRIES
  line.sendNow({
    type: 'late',
    run: run.nonce,
    step: step.index,
    at: round(now() - run.begunMs),
    level: last ? 'warn' : level,
    text: last ? LATE_LIMIT : text.slice(0, LATE_TEXT_LENGTH),
  })
}

const LATE_LIMIT = `log limit: ${LATE_ENTRIES} entries after the end of the run, what follows is dropped`

/** Milliseconds with two decimals: finer is noise. */
export function round(ms: number): number {
  return nearest(ms * 100) / 100
}
