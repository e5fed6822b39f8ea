/**
 * Steps as they are being written: what would keep each of them from being saved, all at once and each
 * with its place, where a save stops at the first. The same two checks decide as for a save; packages
 * are looked for only then.
 */
import { Type } from 'typebox'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import type { Api } from './api.ts'
import { compileCheckOf } from './check-request.ts'
import type { InspectorDeps } from './ports.ts'
import * as requests from './requests.ts'
import * as wire from './wire-workflow.ts'
import type { StepProblemWire } from './wire-workflow.ts'

type Deps = Pick<InspectorDeps, 'checkDefinition' | 'checkSteps'>

const checkedEnvelope = compileCheckOf(
  Type.Object(
    { steps: Type.Array(Type.Unknown(), { maxItems: limits.stepsPerWorkflow }) },
    { additionalProperties: false },
  ),
)

/** How the reason of a fault in a webhook step begins. */
const FIELD = /^(?:in )?(url|payload|method|headers|params|auth|retry)\b/

export function checkRoute(api: Api, deps: Deps): void {
  api.post(
    '/check',
    {
      config: { scope: 'write' },
      validatorCompiler: checkedEnvelope,
      schema: {
        tags: ['workflows'],
        summary: 'Tell everything that would keep steps from being saved',
        body: requests.Steps,
        response: { 200: wire.StepProblems },
      },
    },
    async ({ body }) => ({ problems: problemsOf(deps, body.steps) }),
  )
}

function problemsOf(deps: Deps, steps: readonly unknown[]): StepProblemWire[] {
  const problems = steps.flatMap((step, at) => {
    const problem = refusalOf(() => deps.checkSteps(definitionOf(deps, [step])))
    return problem ? [toProblem(at, problem)] : []
  })
  const broken = new Set(problems.map(({ step }) => step))
  // What only shows among the others, as a name that is taken: those that are broken have had their say.
  const whole = steps.map((step, at) => (broken.has(at) ? { type: 'note', text: '' } : step))
  const problem = refusalOf(() => definitionOf(deps, whole))
  const at = Number(problem?.values['step']) - 1
  return problem ? [...problems, toProblem(steps[at] === undefined ? 0 : at, problem)] : problems
}

const definitionOf = (deps: Deps, steps: readonly unknown[]) =>
  deps.checkDefinition({ name: 'check', steps }).steps

function refusalOf(check: () => unknown): AppError | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof AppError && error.status === 400) return error
    throw error
  }
}

function toProblem(step: number, { values, message, cause }: AppError): StepProblemWire {
  const { line = null, column = null, reason = message } = values
  const said = cause instanceof Error ? cause.message : String(reason)
  return {
    step,
    field: FIELD.exec(said)?.[1] ?? null,
    message: said,
    line: line === null ? null : Number(line),
    column: column === null ? null : Number(column),
  }
}
