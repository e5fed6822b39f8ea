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

/** Compiles a version. `identity` must differ wherever any step differs. */
export function compileProgram(
  definition: { readonly steps: readonly Step[] },
  identity: string,
): Program {
  const steps = definition.steps.flatMap((step, position): ProgramStep[] => {
    if (step.type === 'note') return []
    return [{ name: step.name, type: step.type, position, ...compileStep(step) }]
  })
  return { id: identity, steps, packages: null }
}

/** Throws what would keep these steps from being run. */
export function checkSteps(steps: readonly Step[]): void {
  compileProgram({ steps }, '')
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
