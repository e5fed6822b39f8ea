/**
 * Tests: a stored or edited event on saved or unsaved steps. A dry run stores nothing and sends nothing;
 * its answer has the shape of an event, drawn for this answer alone, and the sends it collected stand as
 * deliveries that were canceled before their first attempt. With `send`, it is an event like any other,
 * marked as a test.
 */
import { Type } from 'typebox'
import { AppError } from '../errors.ts'
import type { Principal } from '../model/account.ts'
import type { RawRequest } from '../model/event.ts'
import { deliveryId, runIdOf } from '../model/ids.ts'
import { requestFromEvent } from '../model/request-from-event.ts'
import type { Step, Workflow } from '../model/workflow.ts'
import type { RunResult } from '../runner/runner.ts'
import type { EventDetail } from '../store/inspect.ts'
import type { Api } from './api.ts'
import { compileCheckOf } from './check-request.ts'
import { findReceivedEvent, findWorkflow } from './find.ts'
import type { InspectorDeps, Submission } from './ports.ts'
import * as requests from './requests.ts'
import * as wire from './wire-event.ts'
import { Created } from './wire.ts'
import { sendEvent } from './write-event.ts'

type Deps = Pick<
  InspectorDeps,
  'store' | 'clock' | 'ids' | 'execution' | 'variables' | 'checkDefinition' | 'checkSteps'
>

/** Steps are the model's to check, as for a save. */
const checkedEnvelope = compileCheckOf(
  Type.Object(
    { ...requests.Test.properties, steps: Type.Optional(Type.Unknown()) },
    { additionalProperties: false },
  ),
)

export function testRoutes(api: Api, deps: Deps): void {
  api.post(
    '/workflows/:id/test',
    {
      config: { scope: 'write' },
      validatorCompiler: checkedEnvelope,
      schema: {
        tags: ['workflows'],
        summary: 'Run an event on saved or unsaved steps',
        description:
          'Without send: a dry run. Its answer is an event that is not stored, with the sends as canceled deliveries. With send: a stored event, marked as a test.',
        params: Type.Object({ id: Type.String() }),
        body: requests.Test,
        response: { 200: wire.EventDetail, 202: Created },
      },
    },
    async ({ principal, params, body }, reply) => {
      const workflow = await findWorkflow(deps.store, principal, params.id)
      const request = await requestOf(deps, principal, body.event)
      const steps = body.steps === undefined ? null : stepsOf(deps, workflow, body.steps)
      const submission = submissionOf(deps, workflow, request, steps)
      if (body.send) {
        await deps.execution.submit(submission)
        return reply.code(202).send({ id: submission.id })
      }
      const result = await deps.execution.dryRun(submission)
      const { mask } = await deps.variables.of(submission.accountId)
      return sendEvent(reply, detailOf(submission, result), mask)
    },
  )
}

async function requestOf(deps: Deps, principal: Principal, event: unknown): Promise<RawRequest> {
  if (typeof event !== 'string') return editedRequest(event)
  const { request, error } = await findReceivedEvent(deps.store, principal, event)
  if (error) {
    const reason = `${event} was not accepted (${error.code}), so its bytes were not kept`
    throw new AppError('test_invalid', { reason })
  }
  return request
}

function editedRequest(event: unknown): RawRequest {
  try {
    return requestFromEvent(event)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new AppError('test_invalid', { reason: cause.message }, { cause })
  }
}

function stepsOf(deps: Deps, workflow: Workflow, sent: unknown): readonly Step[] {
  const { name, settings } = workflow
  const { steps } = deps.checkDefinition({ name, settings, steps: sent })
  deps.checkSteps(steps)
  return steps
}

function submissionOf(
  deps: Deps,
  workflow: Workflow,
  request: RawRequest,
  steps: readonly Step[] | null,
): Submission {
  if (workflow.suspended)
    throw new AppError('test_invalid', { reason: 'the workflow is suspended' })
  return {
    accountId: workflow.accountId,
    id: deps.ids.next('evt'),
    workflowId: workflow.id,
    version: workflow.version,
    receivedAt: deps.clock.nowMs(),
    request,
    replayOf: null,
    test: true,
    steps,
  }
}

function detailOf(event: Submission, { outcome, sends }: RunResult): EventDetail {
  return {
    ...event,
    error: null,
    run: { id: runIdOf(event.id), ...outcome, late: [] },
    dest: { delivered: 0, total: sends.length, failed: 0 },
    deliveries: sends.map((send) => ({
      id: deliveryId(event.id, send.step, send.index),
      send,
      sealed: null,
      status: 'canceled',
      code: null,
      dueAt: null,
      isAbridged: false,
      attempts: [],
    })),
  }
}
