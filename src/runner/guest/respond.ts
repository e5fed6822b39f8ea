/**
 * `$respond`: answers the request that the run's event came with, once. Like `$send.http` it is validated
 * and serialised at the call, and on its way to the server before the call returns; when it is answered
 * is the server's business. Where nobody waits for an answer, the step's log says so.
 */
import { describeResponse, normaliseRespond } from '../../model/respond.ts'
import type { GuestProgram } from './execute.ts'
import type { Line } from './line.ts'
import type { Log } from './log.ts'
import type { StepState } from './run-state.ts'

type Deps = {
  readonly line: Line
  readonly log: Log
  readonly program: GuestProgram
  /** Why nobody waits for the answer; null where somebody does. */
  readonly unheard: string | null
}

const TOO_LATE =
  'Cannot respond: the run has ended, await everything that calls $respond before the step returns'

export function createRespond(deps: Deps, step: StepState): (options: unknown) => void {
  const { line, log, program, unheard } = deps
  const { run } = step
  return (options) => {
    if (run.over) {
      log(step, 'error', TOO_LATE)
      throw new Error(TOO_LATE)
    }
    const { response, immediate, warnings } = normaliseRespond(options)
    if (run.respondedBy !== null) {
      const by = program.steps[run.respondedBy]!.name
      throw new Error(`Cannot respond: $respond was called before, in step ${by}, and works once`)
    }
    run.respondedBy = step.index
    for (const warning of warnings) log(step, 'warn', warning)
    if (unheard !== null) return log(step, 'warn', `$respond has no effect: ${unheard}`)
    const when = immediate ? 'at once' : 'when the run has ended'
    log(step, 'info', `$respond, ${when}: ${describeResponse(response)}`)
    const { status, headers, body } = response
    const head = { run: run.nonce, step: step.index, status, headers, immediate }
    line.sendNow({ type: 'respond', ...head, hasBody: body !== null }, body ?? undefined)
  }
}

/** Why nobody would hear what a step responds, in the words of the step's log; null where somebody might. */
export function whyUnheard(
  response: 'default' | 'custom',
  context: Readonly<Record<string, unknown>>,
): string | null {
  if (response === 'default') {
    return 'the workflow answers by itself, set its response to "custom"'
  }
  if (context['test'] === true) return 'a test has no request to answer'
  return context['replay_of'] === null ? null : 'a replay has no request to answer'
}
