/**
 * Takes the account's values out of what a run says of itself, before anything of it is stored: logs,
 * errors, exports, diffs, messages. What it sends keeps them: it must be sent as it was made.
 */
import { maskJson, maskNothing } from '../model/redact-values.ts'
import type { Mask } from '../model/redact-values.ts'
import type { StepError, StepRecord } from '../model/run.ts'
import type { RunResult } from '../runner/runner.ts'

export function maskResult(result: RunResult, mask: Mask): RunResult {
  if (mask === maskNothing) return result
  const { outcome } = result
  const message = outcome.message && mask(outcome.message)
  const steps = outcome.steps.map((step) => maskStep(step, mask))
  return { ...result, outcome: { ...outcome, message, steps } }
}

function maskStep(step: StepRecord, mask: Mask): StepRecord {
  return {
    ...step,
    logs: step.logs.map((entry) => ({ ...entry, text: mask(entry.text) })),
    exports: maskJson(step.exports, mask),
    diff: maskJson(step.diff, mask),
    error: step.error && maskError(step.error, mask),
    skipped: step.skipped.map(({ index, reason }) => ({ index, reason: mask(reason) })),
  }
}

const maskError = (error: StepError, mask: Mask): StepError => ({
  ...error,
  name: mask(error.name),
  message: mask(error.message),
  stack: mask(error.stack),
})
