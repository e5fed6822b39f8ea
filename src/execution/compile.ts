/**
 * Steps become a program that the runner can load: every step an ES module, notes left out. Compiling
 * parses and never runs. The same text always compiles to the same module.
 *
 * Fails with `step_invalid`, which names the step, the place in its text, and what to do.
 */
import { AppError, assertNever } from '../errors.ts'
import type { CodeStep, Step, WebhookStep } from '../model/workflow.ts'
import type { Program, ProgramStep } from '../runner/runner.ts'
import { webhookModule } from './actions/webhook.ts'
import { codeModule } from './code-module.ts'
import type { StepModule } from './code-module.ts'
import { SourceFault } from './syntax.ts'

/**
 * Compiles a version. `identity` must differ wherever any step differs; `packages` is the folder in which
 * what the steps import is installed.
 */
export function compileProgram(
  definition: { readonly steps: readonly Step[] },
  identity: string,
  packages: string | null = null,
): Program {
  const steps = definition.steps.flatMap((step, position): ProgramStep[] => {
    if (step.type === 'note') return []
    const { source, prefix, imports } = compileStep(step)
    const { name, type } = step
    return [{ name, type, position, source, prefix, ...(imports && { imports }) }]
  })
  return { id: identity, steps, packages }
}

/** Throws what would keep these steps from being run. */
export function checkSteps(steps: readonly Step[]): void {
  compileProgram({ steps }, '')
}

/** A package that steps import: the range they ask for, `*` where they leave it open, and who asks. */
export type WantedPackage = {
  readonly range: string
  readonly step: string
  readonly line: number
  readonly column: number
}

/**
 * The packages that steps import, by name. One version of each serves the whole workflow. Throws
 * `step_invalid` where two steps ask for different ones.
 */
export function packagesOf(steps: readonly Step[]): ReadonlyMap<string, WantedPackage> {
  const found = new Map<string, WantedPackage>()
  for (const step of steps) {
    if (step.type === 'note') continue
    for (const { name, range, line, column } of compileStep(step).packages) {
      const before = found.get(name)
      if (before && range !== null && before.range !== '*' && before.range !== range) {
        const reason = `it imports ${name}@${range} and step ${before.step} imports ${name}@${before.range}, a workflow has one version of a package: use one range`
        throw misfit(step.name, new SourceFault(reason, line, column))
      }
      if (before && range === null) continue
      if (before && before.range !== '*') continue
      found.set(name, { range: range ?? '*', step: step.name, line, column })
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function compileStep(step: CodeStep | WebhookStep): StepModule {
  try {
    switch (step.type) {
      case 'code':
        return codeModule(step.code)
      case 'webhook':
        return webhookModule(step)
      default:
        return assertNever(step)
    }
  } catch (error) {
    if (!(error instanceof SourceFault)) throw error
    throw misfit(step.name, error)
  }
}

function misfit(step: string, fault: SourceFault): AppError {
  const { message, line, column } = fault
  if (line === null || column === null)
    return new AppError('step_invalid', { step, reason: message })
  const reason = `${message} (line ${line}, column ${column})`
  return new AppError('step_invalid', { step, reason, line, column }, { cause: fault })
}
