/**
 * What is known of one run while it is under way: its steps so far, as the guest streamed them. When the
 * run ends, by itself or by force, `settle` makes the RunResult of it; whatever had arrived by then counts.
 *
 * Invariant: the limits of a run hold here, whatever the guest claims. The guest applies the same ones
 * where the user can see them, so one that is passed here was passed by force: a ProtocolError.
 */
import type { Clock } from '../clock.ts'
import { assertNever } from '../errors.ts'
import type { Send } from '../model/delivery.ts'
import { limits } from '../model/limits.ts'
import type {
  FinalRunStatus,
  LogEntry,
  PatchOperation,
  SkippedSend,
  StepError,
  StepRecord,
  StepStatus,
} from '../model/run.ts'
import { checkResponse } from '../model/respond.ts'
import { checkSendFields } from '../model/send.ts'
import { EXPORT_SLACK_BYTES, LOG_ENTRY_BYTES, ProtocolError, readJson } from './protocol.ts'
import type { UpMessage } from './protocol.ts'
import type { RunJob, RunResult } from './runner.ts'

/** How a run came to its end. `done`: its steps tell. Otherwise the step under way is what it ended in. */
export type Ending =
  | { readonly kind: 'done'; readonly durationMs: number }
  /** Out of the time it may take or, with a limit, of the CPU time. */
  | { readonly kind: 'timed_out'; readonly cpuLimitMs: number | null }
  | { readonly kind: 'failed'; readonly error: StepError }

type Of<Type extends UpMessage['type']> = Extract<UpMessage, { type: Type }>
type Mutable<Type> = {
  -readonly [Key in keyof Type]: Type[Key] extends readonly (infer Item)[] ? Item[] : Type[Key]
}
type OpenStep = {
  readonly record: Mutable<StepRecord>
  calls: number
  endMessage: string | null
  isOver: boolean
}

const EXPORT_BYTES = limits.runExportBytes + EXPORT_SLACK_BYTES
/** The bound of the values, and one operation around them. */
const DIFF_BYTES = limits.runDiffBytes + 1_024
const LOG_ENTRIES = limits.runLogBytes / LOG_ENTRY_BYTES + 1

export class RunRecord {
  readonly #job: RunJob
  readonly #clock: Clock
  #startedAt: number
  #startedMs: number
  readonly #steps: readonly OpenStep[]
  readonly #sends: Send[] = []
  #current = 0
  #logBytes = 0
  #logEntries = 0
  #calls = 0
  #sendBytes = 0
  #exportBytes = 0
  #response: RunResult['response']

  constructor(clock: Clock, job: RunJob) {
    this.#job = job
    this.#clock = clock
    this.#startedAt = clock.nowMs()
    this.#startedMs = clock.monotonicMs()
    this.#steps = job.program.steps.map(({ name, type }) => openStep(name, type))
  }

  /** The run's time begins now: it has a process. */
  begin(): void {
    this.#startedAt = this.#clock.nowMs()
    this.#startedMs = this.#clock.monotonicMs()
  }

  log(message: Of<'log'>): void {
    this.#logEntries++
    this.#logBytes += message.text.length
    if (this.#logEntries > LOG_ENTRIES || this.#logBytes > limits.runLogBytes + 256)
      throw new ProtocolError('more log than a run may write')
    const { at, level, text } = message
    this.#reached(message.step).record.logs.push({ at, level, text } satisfies LogEntry)
  }

  send(message: Of<'send'>, tail: Uint8Array): void {
    const step = this.#called(message.step, message.index)
    this.#sendBytes += tail.length
    if (this.#sendBytes > limits.runSendBytes)
      throw new ProtocolError('more data than a run may send')
    // The tail is only lent.
    const body = message.hasBody ? tail.slice() : null
    const fields = checkFields(() => checkSendFields({ ...(message.fields as object), body }))
    const position = this.#job.program.steps[message.step]!.position
    this.#sends.push({
      step: position,
      stepName: step.record.name,
      index: message.index,
      ...fields,
    })
  }

  skipped(message: Of<'skipped'>): void {
    const { index, reason } = message
    this.#called(message.step, index).record.skipped.push({ index, reason } satisfies SkippedSend)
  }

  respond(message: Of<'respond'>, tail: Uint8Array): void {
    this.#reached(message.step)
    if (this.#response || this.#job.response !== 'custom')
      throw new ProtocolError('a response that nobody waits for')
    // The tail is only lent.
    const body = message.hasBody ? new Uint8Array(tail) : null
    const { status, headers, immediate } = message
    const response = checkFields(() => checkResponse({ status, headers, body }))
    this.#response = { ...response, immediate }
    if (immediate) this.#job.onRespond?.(response)
  }

  end(message: Of<'end'>, tail: Uint8Array): void {
    const step = this.#steps[message.step]
    if (message.step !== this.#current || !step || step.isOver)
      throw new ProtocolError('an end of a step that is not running')
    if (message.exportsBytes > tail.length) throw new ProtocolError('exports that are not there')
    this.#exportBytes += message.exportsBytes
    const diffBytes = tail.length - message.exportsBytes
    if (this.#exportBytes > EXPORT_BYTES || diffBytes > DIFF_BYTES)
      throw new ProtocolError('more exports than a run may keep')
    step.record.exports = plainObject(readJson(tail.subarray(0, message.exportsBytes)))
    step.record.diff = patch(readJson(tail.subarray(message.exportsBytes)))
    step.record.status = message.status === 'succeeded' ? statusOf(step) : message.status
    step.record.durationMs = message.durationMs
    step.record.error = message.error && namedLimit(message.error, this.#job.memoryMb)
    step.endMessage = message.message
    step.isOver = true
    if (message.status === 'succeeded') this.#current++
  }

  /** Whether the guest may say that the run is done: its steps are through, or one of them ended it. */
  isThrough(): boolean {
    return this.#current >= this.#steps.length || this.#steps[this.#current]!.isOver
  }

  settle(ending: Ending): RunResult {
    const elapsedMs = Math.round((this.#clock.monotonicMs() - this.#startedMs) * 100) / 100
    const durationMs = ending.kind === 'done' ? Math.min(ending.durationMs, elapsedMs) : elapsedMs
    if (ending.kind !== 'done') this.#cut(ending, durationMs)
    const { status, message } = this.#verdict(ending)
    const steps = this.#steps.map(({ record }) => record)
    return {
      outcome: { status, startedAt: this.#startedAt, durationMs, message, steps },
      sends: this.#sends,
      ...(this.#response ? { response: this.#response } : {}),
    }
  }

  /** Ends the step under way from outside; where none is, the last one takes the blame. */
  #cut(ending: Exclude<Ending, { kind: 'done' }>, durationMs: number): void {
    const step = this.#steps[Math.min(this.#current, this.#steps.length - 1)]
    if (!step) return
    const before = this.#steps.reduce((sum, { record }) => sum + record.durationMs, 0)
    if (!step.isOver)
      step.record.durationMs = Math.max(0, Math.round((durationMs - before) * 100) / 100)
    step.record.status = ending.kind
    step.record.error = ending.kind === 'failed' ? ending.error : this.#outOfTime(ending.cpuLimitMs)
  }

  #outOfTime(cpuLimitMs: number | null): StepError {
    const limit = cpuLimitMs === null ? `${this.#job.timeoutMs} ms` : `${cpuLimitMs} ms of CPU time`
    const message = `The run went over its time limit of ${limit}`
    return { name: 'Timeout', message, stack: `Timeout: ${message}`, line: null, column: null }
  }

  #verdict(ending: Ending): { status: FinalRunStatus; message: string | null } {
    switch (ending.kind) {
      case 'timed_out':
        return {
          status: 'timed_out',
          message:
            ending.cpuLimitMs === null
              ? `TIMEOUT after ${this.#job.timeoutMs} ms`
              : `TIMEOUT after ${ending.cpuLimitMs} ms of CPU time`,
        }
      case 'failed':
        return { status: 'failed', message: exception(ending.error) }
      case 'done': {
        const last = this.#steps[Math.min(this.#current, this.#steps.length - 1)]
        if (last?.record.status === 'failed')
          return { status: 'failed', message: exception(last.record.error) }
        if (last?.record.status !== 'ended') return { status: 'succeeded', message: null }
        return {
          status: 'ended',
          message: last.endMessage === null ? '$end' : `$end: ${last.endMessage}`,
        }
      }
      default:
        return assertNever(ending)
    }
  }

  #called(index: number, call: number): OpenStep {
    const step = this.#reached(index)
    if (call !== step.calls) throw new ProtocolError('a call out of order')
    step.calls++
    this.#calls++
    if (this.#calls > limits.runSends) throw new ProtocolError('more calls than a run may make')
    return step
  }

  /** A step that is running or was: code that a step left running may still log and send until the run ends. */
  #reached(index: number): OpenStep {
    const step = this.#steps[index]
    if (!step || index > this.#current) throw new ProtocolError('a step that is not running')
    return step
  }
}

/** How V8 and Node say that the system refused them memory, which at level `strict` is a run's limit. */
const REFUSED_MEMORY =
  /^(?:Array buffer allocation failed|Failed to allocate memory|WebAssembly\.Memory(?:\(\): could not allocate memory|\.grow\(\): Unable to grow instance memory))$/

/** Where the kernel keeps a run to its memory, user code sees an error that does not say whose limit it was. */
function namedLimit(error: StepError, memoryMb: number): StepError {
  if (error.name !== 'RangeError' || !REFUSED_MEMORY.test(error.message)) return error
  const name = 'OutOfMemory'
  const message = `The run went over its memory limit of ${memoryMb} MiB: ${error.message}`
  return { ...error, name, message, stack: `${name}: ${message}\n${framesOf(error.stack)}` }
}

const framesOf = (stack: string): string => stack.slice(stack.indexOf('\n') + 1 || stack.length)

/** An Action whose payload is undefined does nothing for this event: that is all there is to say of it. */
function statusOf({ record, calls }: OpenStep): StepStatus {
  const isIdle = record.type === 'webhook' && calls > 0 && record.skipped.length === calls
  return isIdle ? 'skipped' : 'succeeded'
}

function openStep(name: string, type: StepRecord['type']): OpenStep {
  const status: StepStatus = 'not_run'
  const lists = { logs: [], diff: [], skipped: [] }
  const record = { name, type, status, durationMs: 0, exports: {}, error: null, ...lists }
  return { record, calls: 0, endMessage: null, isOver: false }
}

function checkFields<Fields>(check: () => Fields): Fields {
  try {
    return check()
  } catch (error) {
    throw new ProtocolError(`a call that is not in order (${(error as Error).message})`)
  }
}

function plainObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ProtocolError('exports that are no object')
  return value as Record<string, unknown>
}

function patch(value: unknown): PatchOperation[] {
  if (!Array.isArray(value)) throw new ProtocolError('a diff that is no list')
  return value.map((operation: unknown) => {
    const { op, path, value } = Object(operation) as {
      op?: unknown
      path?: unknown
      value?: unknown
    }
    if (typeof path !== 'string') throw new ProtocolError('a diff without a path')
    if (op === 'remove') return { op, path }
    if (op !== 'add' && op !== 'replace') throw new ProtocolError('a diff of an unknown kind')
    return { op, path, value }
  })
}

const exception = (error: StepError | null): string =>
  `EXCEPTION ${error?.name ?? 'Error'}: ${error?.message ?? ''}`
