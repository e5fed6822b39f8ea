/**
 * `$send.http`: validated and serialised at the call, on its way to the server before the call returns.
 * A run may make 1,000 calls with 16 MiB of data together; the call that is too much throws, the ones
 * before it stand. A call after the run has ended throws and is reported, never lost.
 */
import { limits } from '../../model/limits.ts'
import { normaliseCall } from '../../model/send.ts'
import type { Line } from './line.ts'
import type { Log } from './log.ts'
import type { StepState } from './run-state.ts'

const MIB = 1024 * 1024
const TOO_MANY = `Cannot send: a run may call $send.http ${limits.runSends.toLocaleString('en')} times`
const TOO_MUCH = `Cannot send: a run may send ${limits.runSendBytes / MIB} MiB of data in all`
const TOO_LATE =
  'Cannot send: the run has ended, await everything that calls $send.http before the step returns'

export type SendApi = { readonly http: (options: unknown) => void }

export function createSend(deps: { line: Line; log: Log }, step: StepState): SendApi {
  const { line, log } = deps
  const { run } = step
  return Object.freeze({
    http(options: unknown): void {
      if (run.over) {
        log(step, 'error', TOO_LATE)
        throw new Error(TOO_LATE)
      }
      const call = normaliseCall(options)
      if (run.sends >= limits.runSends) throw new RangeError(TOO_MANY)
      if (call.kind === 'skipped') {
        run.sends++
        const { reason } = call
        line.sendNow({
          type: 'skipped',
          run: run.nonce,
          step: step.index,
          index: step.calls++,
          reason,
        })
        return
      }
      for (const warning of call.warnings) log(step, 'warn', warning)
      const { body, ...fields } = call.send
      const bytes = run.sendBytes + (body?.length ?? 0)
      if (bytes > limits.runSendBytes) throw new RangeError(TOO_MUCH)
      run.sends++
      run.sendBytes = bytes
      const head = { run: run.nonce, step: step.index, index: step.calls++ }
      line.sendNow({ type: 'send', ...head, fields, hasBody: body !== null }, body ?? undefined)
    },
  })
}
