/**
 * What the code of a step sees besides Node's globals: `$event`, `$send`, `$end`, `$respond`, `$context`,
 * `steps`, `console` and `require`. One `$event` serves all steps of a run; `steps` holds the earlier ones.
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

/**
 * What `$end` throws to leave the step. User code may swallow it: the run ends all the same. One for all
 * calls, so it has no frames: those of its making would be ours.
 */
export const END = Object.freeze(
  Object.assign(new Error('$end was called'), { name: '$end', stack: '$end: $end was called' }),
)

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

type Scopes = {
  /** What the code of the step sees; `exports` is its `this`. */
  open(step: StepState): { readonly scope: object; readonly exports: object }
  /** The step has succeeded: later ones find what it left. */
  close(step: StepState, exports: object): void
}

export function createScopes(deps: Deps): Scopes {
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
    console: globalThis.console,
  }
  return {
    open: (step) => ({
      scope: {
        ...shared,
        // Its own copy: returned whole it must not hold itself, now or in a later step's exports.
        steps: Object.freeze(Object.assign(Object.create(null), steps)),
        $send: createSend(deps, step),
        $respond: createRespond(deps, step),
        require: program.modules.requireOf(step.index),
      },
      exports: {},
    }),
    close: (step, exports) => void (steps[program.steps[step.index]!.name] = exports),
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
