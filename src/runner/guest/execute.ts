/**
 * One run inside the wall: `$event` is derived, the steps run in order on it, and what they make leaves
 * as it is made. Every way a step can end is one branch of `runStep`; what ends a run from outside (a
 * time-out, too much memory) is the server's business, which knows the steps that have ended so far.
 */
import { deriveEvent } from '../../model/derive-event.ts'
import type { RawRequest } from '../../model/event.ts'
import type { DownMessage, LoadedStep, StepEnd, UpMessage } from '../protocol.ts'
import type { Line } from './line.ts'
import { round } from './log.ts'
import type { Log } from './log.ts'
import { whyUnheard } from './respond.ts'
import { createRunState, withinStep } from './run-state.ts'
import type { RunState, StepState } from './run-state.ts'
import { createScopes, END } from './scope.ts'
import { diffToJson, eventToJson, exportsToJson } from './snapshot.ts'
import type { StepFunction, StepModules } from './step-modules.ts'
import { describeThrown } from './thrown.ts'

export type GuestProgram = {
  readonly steps: readonly LoadedStep[]
  readonly modules: StepModules
}

type Deps = { readonly line: Line; readonly log: Log; readonly program: GuestProgram }
type RunMessage = Extract<DownMessage, { type: 'run' }>
type Ending = { readonly status: StepEnd; readonly thrown: unknown; readonly exports: object }

const { Promise } = globalThis
const now = performance.now.bind(performance)
const encoder = new TextEncoder()
const encode = encoder.encode.bind(encoder)

/** Runs the program on one event. `body` is the event's; resolves once the run has ended. */
export async function execute(deps: Deps, message: RunMessage, body: Uint8Array): Promise<void> {
  const { line, program } = deps
  const run = createRunState(message.run, now(), { ...message.env })
  line.send({ type: 'begun', run: run.nonce })

  const request: RawRequest = { ...message.request, body }
  const event = deriveEvent(request)
  const { context } = message
  const unheard = whyUnheard(message.response, context)
  const scopes = createScopes({ ...deps, run, request, event, context, unheard })
  let before = eventToJson(event)

  for (let index = 0; index < program.steps.length; index++) {
    const step: StepState = { run, index, calls: 0 }
    const begunMs = now()
    const { scope, exports } = scopes.open(step)
    const ending = await runStep(deps, step, scope, exports)
    const after = eventToJson(event)
    reportEnd(deps, step, ending, now() - begunMs, diffToJson(before, after))
    if (ending.status !== 'succeeded') break
    scopes.close(step, ending.exports)
    before = after
  }

  run.over = true
  closeSockets(run, program.steps.length)
  line.send({ type: 'done', run: run.nonce, durationMs: round(now() - run.begunMs) })
}

/** What a connection that is left open ends with. */
export class RunOver extends Error {
  readonly code = 'ECONNABORTED'

  constructor() {
    super('The connection was closed: the run has ended')
    this.name = 'Error'
  }
}

/**
 * With an error, so that whoever still waits on one learns of it; and as the run's, so that where nobody
 * does, the error of an event without a listener is not taken for one of nobody's.
 */
function closeSockets(run: RunState, steps: number): void {
  withinStep({ run, index: steps - 1, calls: 0 }, () => {
    for (const socket of run.sockets) socket.destroy(new RunOver())
  })
}

async function runStep(
  deps: Deps,
  step: StepState,
  scope: object,
  exports: object,
): Promise<Ending> {
  const { run } = step
  try {
    const start = await deps.program.modules.load(step.index)
    const value = await untilEnded(step, start, scope, exports)
    if (run.ended) return { status: 'ended', thrown: null, exports }
    return { status: 'succeeded', thrown: null, exports: withReturnValue(exports, value) }
  } catch (thrown) {
    if (run.ended || thrown === END) return { status: 'ended', thrown: null, exports }
    return { status: 'failed', thrown, exports }
  } finally {
    run.interrupt = null
  }
}

/** The step's own promise, or what interrupts it: an error of a timer it started, `$end` in a callback. */
function untilEnded(
  step: StepState,
  start: StepFunction,
  scope: object,
  exports: object,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    step.run.interrupt = reject
    void settle(() => withinStep(step, () => start.call(exports, scope)), resolve, reject)
  })
}

/** With `await` and not `then`, which user code can replace. */
async function settle(
  begin: () => Promise<unknown>,
  resolve: (value: unknown) => void,
  reject: (reason: unknown) => void,
): Promise<void> {
  try {
    resolve(await begin())
  } catch (error) {
    reject(error)
  }
}

function withReturnValue(exports: object, value: unknown): object {
  if (value === undefined) return exports
  // `this` may be frozen by now: later steps then see a copy with the value in it.
  if (Reflect.defineProperty(exports, '$return_value', returnValue(value))) return exports
  return { ...exports, $return_value: value }
}

const returnValue = (value: unknown): PropertyDescriptor => ({
  value,
  enumerable: true,
  configurable: true,
  writable: true,
})

function reportEnd(
  { line, program }: Deps,
  step: StepState,
  ending: Ending,
  durationMs: number,
  diff: string,
): void {
  const { run } = step
  const exports = encode(exportsToJson(run, ending.exports))
  const message: UpMessage = {
    type: 'end',
    run: run.nonce,
    step: step.index,
    durationMs: round(durationMs),
    status: ending.status,
    message: ending.status === 'ended' ? (run.ended?.message ?? null) : null,
    error: ending.status === 'failed' ? describeThrown(ending.thrown, program.steps) : null,
    exportsBytes: exports.length,
  }
  const tail = concat(exports, encode(diff))
  // The next step may never give control back: what this one did must be out before.
  const isLast = ending.status !== 'succeeded' || step.index === program.steps.length - 1
  if (isLast) line.send(message, tail)
  else line.sendNow(message, tail)
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length)
  bytes.set(first)
  bytes.set(second, first.length)
  return bytes
}

/** Credits an error that no promise of a step carries. False when it belongs to no run under way. */
export function interruptRun(run: RunState, reason: unknown): boolean {
  if (run.over || !run.interrupt) return false
  run.interrupt(reason)
  return true
}
