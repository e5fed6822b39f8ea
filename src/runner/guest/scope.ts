/**
 * What the code of a step sees besides Node's globals: `$event`, `$send`, `$end`, `$respond`, `$context`,
 * `steps`, `console` and `require`. One `$event` and one `steps` serve all steps of a run.
 */
import { inspect } from 'node:util'
import { deriveEvent } from '../../model/derive-event.ts'
import type { EventView, RawRequest } from '../../model/event.ts'
import type { GuestProgram } from './execute.ts'
import type { Line } from './line.ts'
import type { Log } from './log.ts'
import { createRespond } from './respond.ts'
import type { RunState, StepState } from './run-state.ts'
import { createSend } from './send.ts'

/** What `$end` throws to leave the step. User code may swallow it: the run ends all the same. */
export const END = Object.freeze(Object.assign(new Error('$end was called'), { name: '$end' }))

const MESSAGE_LENGTH = 4_096

type Deps = {
  readonly line: Line
  readonly log: Log
  readonly program: GuestProgram
  readonly run: RunState
  readonly request: RawRequest
  readonly event: EventView
  readonly context: object
  /** Why nobody waits for what `$respond` is given; null where somebody does. */
  readonly unheard: string | null
}

/** Returns the maker of each step's scope; `exports` is the step's `this`. */
export function createScope(deps: Deps): (step: StepState) => { scope: object; exports: object } {
  const { program, run, request } = deps
  const steps = Object.create(null) as Record<string, object>
  let untouched: EventView | undefined
  steps['trigger'] = Object.defineProperty({}, 'event', {
    get: () => (untouched ??= deriveEvent(request)),
    enumerable: true,
  })
  const shared = {
    $event: deps.event,
    $context: deepFreeze(deps.context),
    $end: (message?: unknown): never => {
      run.ended ??= { message: message === undefined ? null : textOf(message) }
      throw END
    },
    steps,
    console: globalThis.console,
  }
  return (step) => {
    const exports = {}
    steps[program.steps[step.index]!.name] = exports
    const scope = {
      ...shared,
      $send: createSend(deps, step),
      $respond: createRespond(deps, step),
      require: program.modules.requireOf(step.index),
    }
    return { scope, exports }
  }
}

function textOf(message: unknown): string {
  const text = typeof message === 'string' ? message : inspect(message, { customInspect: false })
  return text.slice(0, MESSAGE_LENGTH)
}

function deepFreeze(value: object): object {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner as object)
  }
  return Object.freeze(value)
}
