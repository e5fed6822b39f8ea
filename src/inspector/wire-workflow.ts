/** The API's shapes of workflows, their versions and steps, and what is wrong with steps; see wire.ts. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { limits } from '../model/limits.ts'
import { Instant, list, nullable, strict, texts } from './wire.ts'
import type { ProblemWire } from './wire.ts'

export const RetryPolicy = Type.Union(
  [
    Type.Boolean(),
    Type.Object(
      {
        attempts: Type.Optional(Type.Integer({ minimum: 1 })),
        schedule: Type.Optional(list(Type.Number({ minimum: 0 }))),
      },
      strict,
    ),
  ],
  { title: 'RetryPolicy' },
)

export const Auth = Type.Object({ username: Type.String(), password: Type.String() }, strict)

export const codeFields = { type: Type.Literal('code'), code: Type.String() }
const webhookFields = {
  type: Type.Literal('webhook'),
  url: Type.String(),
  payload: Type.Optional(Type.String({ description: 'A JavaScript expression' })),
  method: Type.Optional(Type.String()),
  headers: Type.Optional(texts),
  params: Type.Optional(texts),
  auth: Type.Optional(Auth),
  retry: Type.Optional(RetryPolicy),
}
export const noteFields = { type: Type.Literal('note'), text: Type.String() }
export const stepName = Type.String({ minLength: 1, maxLength: limits.stepNameLength })

export const Step = Type.Union(
  [
    Type.Object({ name: stepName, ...codeFields }, strict),
    Type.Object({ name: stepName, ...webhookFields }, strict),
    Type.Object({ name: stepName, ...noteFields }, strict),
  ],
  { title: 'Step' },
)

const TriggerAuth = Type.Object(
  {
    type: Type.Enum(['bearer', 'signature']),
    variable: Type.String({
      description: 'The variable that holds the token, or the whsec_ secret of Standard Webhooks',
    }),
  },
  { ...strict, title: 'TriggerAuth' },
)

export const Settings = Type.Object(
  {
    timeoutMs: Type.Integer({ minimum: limits.runTimeoutMsMin, maximum: limits.runTimeoutMsMax }),
    memoryMb: Type.Integer({ minimum: limits.runMemoryMbMin, maximum: limits.runMemoryMbMax }),
    rate: Type.Object({ perSecond: Type.Number(), burst: Type.Number() }, strict),
    deliverOnError: Type.Boolean(),
    resendInterrupted: Type.Boolean(),
    retry: nullable(RetryPolicy),
    signing: nullable(Type.Object({ version: Type.Literal('v1') }, strict)),
    response: Type.Enum(['default', 'custom']),
    isolation: Type.Enum(['warm', 'run']),
    triggerAuth: nullable(TriggerAuth),
  },
  { ...strict, title: 'Settings' },
)

const packages = Type.Optional(
  Type.Record(Type.String(), Type.String(), {
    description:
      'What the steps import from npm, by name, with the exact version; absent if nothing',
  }),
)

export const workflowName = Type.String({ minLength: 1, maxLength: limits.workflowNameLength })
export const Workflow = Type.Object(
  {
    id: Type.String(),
    name: workflowName,
    version: Type.Integer({ minimum: 1 }),
    active: Type.Boolean(),
    endpoint: Type.String({ format: 'uri', description: 'Where its events enter' }),
    steps: list(Step),
    settings: Settings,
    packages,
  },
  { ...strict, title: 'Workflow' },
)
export type WorkflowWire = Static<typeof Workflow>

/**
 * A line of the answer to a save that asked for `Accept: application/x-ndjson`. Any number of the first
 * kind come, then one of the others, which is the last.
 */
export type SaveLine =
  | { readonly progress: string }
  | { readonly result: WorkflowWire }
  | { readonly problem: ProblemWire }

export const WorkflowVersion = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    createdAt: Instant,
    name: workflowName,
    steps: list(Step),
    settings: Settings,
    packages,
  },
  { ...strict, title: 'WorkflowVersion' },
)
export type VersionWire = Static<typeof WorkflowVersion>

export const StepProblem = Type.Object(
  {
    step: Type.Integer({ minimum: 0, description: 'Its place in the list, from 0' }),
    field: nullable(Type.String({ description: 'Of a webhook: url, payload, headers, ...' })),
    message: Type.String(),
    line: nullable(
      Type.Integer({ minimum: 1, description: 'In the text of the field or the code' }),
    ),
    column: nullable(Type.Integer({ minimum: 1 })),
  },
  { ...strict, title: 'StepProblem' },
)
export type StepProblemWire = Static<typeof StepProblem>

export const StepProblems = Type.Object({ problems: list(StepProblem) }, strict)
