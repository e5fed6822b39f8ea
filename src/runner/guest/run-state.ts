/**
 * Which run and step a piece of user code belongs to. Runs interleave in one process: whatever they log,
 * send, throw or connect to is credited through the async context that their step was started in.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** One run under way, or over: user code may outlive its run. */
export type RunState = {
  /** The server's name for this run; it never leaves this file's world for user code. */
  readonly nonce: string
  readonly begunMs: number
  readonly env: Record<string, string>
  over: boolean
  logBytes: number
  sends: number
  sendBytes: number
  exportBytes: number
  lateEntries: number
  /** The step that called `$respond`. */
  respondedBy: number | null
  /** Set by `$end`, even where user code swallowed what it throws. */
  ended: { readonly message: string | null } | null
  /** Stops the step that is running: it failed elsewhere than in its own promise. */
  interrupt: ((reason: unknown) => void) | null
  /** Connections so far, and what closes the ones that are open. */
  connections: number
  readonly sockets: Set<{ destroy(error: Error): unknown }>
  /** The connections of its `fetch`. */
  dispatcher: object | null
  /** A console with state (groups, counts, timers), made when first needed. */
  console: Console | null
}

export type StepState = {
  readonly run: RunState
  readonly index: number
  /** `$send.http` calls of this step so far. */
  calls: number
}

const context = new AsyncLocalStorage<StepState>()

/** The step whose code is running, if any. */
export const currentStep: () => StepState | undefined = context.getStore.bind(context)
/** Runs a function so that all it starts is credited to the step. */
export const withinStep: <Result>(step: StepState, start: () => Result) => Result =
  context.run.bind(context)

export function createRunState(
  nonce: string,
  begunMs: number,
  env: Record<string, string>,
): RunState {
  return {
    nonce,
    begunMs,
    env,
    over: false,
    logBytes: 0,
    sends: 0,
    sendBytes: 0,
    exportBytes: 0,
    lateEntries: 0,
    respondedBy: null,
    ended: null,
    interrupt: null,
    connections: 0,
    sockets: new Set(),
    dispatcher: null,
    console: null,
  }
}
