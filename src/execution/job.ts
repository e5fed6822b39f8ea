/** What the runner is asked to do for an event: a pure translation. */
import type { QueuedEvent } from '../model/event.ts'
import type { TriggerResponse } from '../model/respond.ts'
import type { Environment } from '../model/variable.ts'
import type { RunJob } from '../runner/runner.ts'
import type { RunnableVersion } from './versions.ts'

export function jobOf(
  event: QueuedEvent,
  loaded: RunnableVersion,
  env: Environment['values'],
  onRespond: (response: TriggerResponse) => void,
): RunJob {
  return {
    accountId: event.accountId,
    eventId: event.id,
    program: loaded.program,
    request: event.request,
    context: {
      id: event.id,
      ts: new Date(event.receivedAt).toISOString(),
      workflow_id: event.workflowId,
      workflow_name: loaded.name,
      version: event.version,
      replay_of: event.replayOf,
      test: event.test,
    },
    env,
    timeoutMs: loaded.settings.timeoutMs,
    memoryMb: loaded.settings.memoryMb,
    isolation: loaded.settings.isolation,
    response: loaded.settings.response,
    onRespond,
  }
}
