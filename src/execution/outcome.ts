/** Outcomes that no process produced: the run could not be begun, or may not be begun again. */
import type { QueuedEvent } from '../model/event.ts'
import type { RunOutcome, StepRecord } from '../model/run.ts'
import type { Step, WorkflowSettings } from '../model/workflow.ts'
import type { RunResult } from '../runner/runner.ts'
import type { LoadedVersion, MisfitVersion } from './versions.ts'

/** The stored version does not compile (any more), or what it runs with is not to be had. */
export function outcomeOfMisfit(
  { steps, because }: Pick<MisfitVersion, 'steps' | 'because'>,
  nowMs: number,
): RunResult {
  return failed(steps, nowMs, 'Error', because)
}

/** The event was begun several times and its process never lived to finish it. */
export function outcomeOfPoison(
  loaded: LoadedVersion,
  event: QueuedEvent,
  nowMs: number,
): RunResult {
  const because = `The run was begun ${event.starts} times and the server stopped each time before it ended; replay the event to try again`
  return failed(loaded.steps, nowMs, 'RunAbandoned', because)
}

/**
 * With `deliverOnError` off, the sends of a run that failed or timed out are not made: each is shown
 * as skipped under its step.
 */
export function withholdSends(result: RunResult): RunResult {
  const { status } = result.outcome
  if ((status !== 'failed' && status !== 'timed_out') || result.sends.length === 0) return result
  const reason = `the run ${status === 'failed' ? 'failed' : 'timed out'} and deliverOnError is off`
  const steps = result.outcome.steps.map((step) => ({
    ...step,
    skipped: [
      ...step.skipped,
      ...result.sends
        .filter((send) => send.stepName === step.name)
        .map(({ index }) => ({ index, reason })),
    ],
  }))
  return { ...result, outcome: { ...result.outcome, steps }, sends: [] }
}

/** A workflow that signs signs them all; how to retry it says where a send and its Action do not. */
export const completeSends = (
  result: RunResult,
  { signing, retry }: WorkflowSettings,
): RunResult => ({
  ...result,
  sends: result.sends.map((send) => ({
    ...send,
    signed: send.signed || signing !== null,
    retry: send.retry ?? retry,
  })),
})

/**
 * Says under the last step that ran what became of the request that waited for this run, where that is
 * not what its steps meant: none of them responded, or nobody was there any more to hear it.
 */
export function withAnswer(
  result: RunResult,
  { settings }: LoadedVersion,
  event: Pick<QueuedEvent, 'replayOf' | 'test'>,
  isExpected: boolean,
): RunResult {
  const { response, outcome } = result
  if (settings.response !== 'custom' || event.replayOf !== null || event.test) return result
  const missing = isExpected && !response
  const unheard = !isExpected && response && !response.immediate
  if (!missing && !unheard) return result
  const status = outcome.status === 'timed_out' ? 504 : 400
  const text = missing
    ? `the request was answered with ${status}: no step called $respond`
    : 'nobody was there any more to be answered: the sender had hung up, or the server restarted'
  const at = outcome.steps.findLastIndex(
    ({ type, status }) => type !== 'note' && status !== 'not_run',
  )
  const entry = { at: outcome.durationMs, level: 'warn' as const, text }
  const steps = outcome.steps.map((step, i) =>
    i === at ? { ...step, logs: [...step.logs, entry] } : step,
  )
  return { ...result, outcome: { ...outcome, steps } }
}

/** Puts the notes, which no process sees, back among the records, so that they read as the workflow does. */
export function withNotes(steps: readonly Step[], result: RunResult): RunResult {
  if (!steps.some((step) => step.type === 'note')) return result
  const records = new Map(result.outcome.steps.map((record) => [record.name, record]))
  const all = steps.map((step) => records.get(step.name) ?? blankRecord(step))
  return { ...result, outcome: { ...result.outcome, steps: all } }
}

function failed(
  steps: readonly Step[],
  startedAt: number,
  name: string,
  message: string,
): RunResult {
  const error = { name, message, stack: '', line: null, column: null }
  const first = steps.findIndex((step) => step.type !== 'note')
  const outcome: RunOutcome = {
    status: 'failed',
    startedAt,
    durationMs: 0,
    message: `EXCEPTION ${name}: ${message}`,
    steps: steps.map((step, i) => ({
      ...blankRecord(step),
      ...(i === first ? { status: 'failed' as const, error } : {}),
    })),
  }
  return { outcome, sends: [] }
}

/** The record of a step that was not reached. */
function blankRecord(step: Pick<Step, 'name' | 'type'>): StepRecord {
  return {
    name: step.name,
    type: step.type,
    status: 'not_run',
    durationMs: 0,
    logs: [],
    exports: {},
    diff: [],
    error: null,
    skipped: [],
  }
}
