/**
 * Takes secrets out of what a run says of itself, before anything of it is stored: logs, errors, exports,
 * diffs, messages. They are the account's values, and what the run's requests carry by name, such as a
 * token that a step fetched and logged. What it sends keeps them: it must be sent as it was made.
 */
import { namedSecrets } from '../model/redact.ts'
import { createMask, maskJson, maskNothing } from '../model/redact-values.ts'
import type { Mask } from '../model/redact-values.ts'
import type { StepError, StepRecord } from '../model/run.ts'
import type { RunResult } from '../runner/runner.ts'

/** More of them are not one run's credentials; looking for each costs a look through all that it wrote. */
const NAMED = 64

export function maskResult(result: RunResult, ofAccount: Mask): RunResult {
  const ofNames = createMask(repeatedSecrets(result))
  if (ofAccount === maskNothing && ofNames === maskNothing) return result
  const mask: Mask = (text) => ofNames(ofAccount(text))
  const { outcome } = result
  const message = outcome.message && mask(outcome.message)
  const steps = outcome.steps.map((step) => maskStep(step, mask))
  return { ...result, outcome: { ...outcome, message, steps } }
}

/** What the run's requests carry by name and its steps wrote as well: hardly ever anything. */
function repeatedSecrets({ outcome, sends }: RunResult): readonly string[] {
  const named = new Set<string>()
  for (const { headers, url } of sends) {
    for (const secret of namedSecrets(headers, url)) if (named.size < NAMED) named.add(secret)
  }
  if (named.size === 0) return []
  const written = JSON.stringify([outcome.message, outcome.steps])
  return [...named].filter((secret) => written.includes(JSON.stringify(secret).slice(1, -1)))
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
