/**
 * `console`, `process.stdout` and `process.stderr` of user code: every line becomes a log entry of the
 * step that wrote it. Groups, counts and timers belong to one run.
 */
import nodeConsole from 'node:console'
import { Writable } from 'node:stream'
import { formatWithOptions } from 'node:util'
import type { LogEntry } from '../../model/run.ts'
import type { Log } from './log.ts'
import { currentStep } from './run-state.ts'
import type { StepState } from './run-state.ts'

type Level = LogEntry['level']

const LEVELS = ['log', 'info', 'warn', 'error', 'debug'] as const
const WITH_STATE = {
  assert: 'warn',
  count: 'log',
  countReset: 'log',
  dir: 'log',
  dirxml: 'log',
  group: 'log',
  groupCollapsed: 'log',
  groupEnd: 'log',
  table: 'log',
  time: 'log',
  timeEnd: 'log',
  timeLog: 'log',
  trace: 'error',
} as const satisfies Record<string, Level>

const { Console } = nodeConsole
const format = formatWithOptions
const FORMAT = { depth: 6 }

/** Puts the capturing console and standard streams in place of the platform's. */
export function installConsole(log: Log): void {
  const methods: Record<string, (...values: unknown[]) => void> = {}
  for (const level of LEVELS) {
    methods[level] = (...values) => {
      const step = currentStep()
      if (!step) return
      if (step.run.console) withState(log, step, level, level, values)
      else log(step, level, format(FORMAT, ...values))
    }
  }
  for (const [name, level] of Object.entries(WITH_STATE)) {
    methods[name] = (...values) => {
      const step = currentStep()
      if (step) withState(log, step, name as keyof typeof WITH_STATE, level, values)
    }
  }
  Object.assign(globalThis.console, methods, { clear() {} })
  for (const [name, level] of [
    ['stdout', 'log'],
    ['stderr', 'error'],
  ] as const) {
    const stream = capturingStream(log, level)
    Object.defineProperty(process, name, { get: () => stream, configurable: true })
  }
}

let levelOfCall: Level = 'log'

function withState(
  log: Log,
  step: StepState,
  name: Exclude<keyof Console, 'Console' | 'memory'>,
  level: Level,
  values: unknown[],
): void {
  step.run.console ??= new Console(capturingStream(log, null), capturingStream(log, null))
  levelOfCall = level
  const method = step.run.console[name] as (...values: unknown[]) => void
  method(...values)
}

/** A stream that turns each write into an entry; `level` null takes that of the console call. */
function capturingStream(log: Log, level: Level | null): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Uint8Array, _encoding, done) {
      const step = currentStep()
      const text = typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk)
      if (step) log(step, level ?? levelOfCall, text.endsWith('\n') ? text.slice(0, -1) : text)
      done()
    },
  })
}
