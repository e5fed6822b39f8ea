/**
 * The workflow as it ran: each step of the version with what the run recorded of it, the deliveries it
 * issued, and `$event` as it left it. Without a run, the steps alone. A test may have run steps of its
 * own; what was recorded then leads, and a step whose definition is not kept says so.
 */
import type { DeliveryWire, EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { applyPatch } from './apply-patch.ts'
import { maskedEvent } from './masked.ts'

export type StepDefinition = WorkflowWire['steps'][number]
export type StepRecord = NonNullable<EventDetailWire['run']>['steps'][number]

export type StepView = {
  readonly name: string
  readonly type: StepDefinition['type']
  /** Null while the version is not read, and for a step it does not have. */
  readonly definition: StepDefinition | null
  /** Null before the run. */
  readonly record: StepRecord | null
  readonly deliveries: readonly DeliveryWire[]
  /** `$event` around the step, secrets masked; what the trigger made where no run is recorded. */
  readonly eventBefore: unknown
  readonly eventAfter: unknown
}

export function stepViews(
  definitions: readonly StepDefinition[] | undefined,
  detail: EventDetailWire | null,
): readonly StepView[] {
  const records = detail?.run?.steps ?? []
  const issued = Map.groupBy(detail?.deliveries ?? [], ({ step }) => step)
  const known = new Map((definitions ?? []).map((step) => [step.name, step]))
  const names = records.length > 0 ? records : (definitions ?? [])
  let event: unknown = detail ? maskedEvent(detail.event) : null
  return names.map(({ name, type }, i) => {
    const record = records[i] ?? null
    const definition = known.get(name)
    const eventBefore = event
    if (record) event = applyPatch(event, record.diff)
    return {
      name,
      type,
      definition: definition?.type === type ? definition : null,
      record,
      deliveries: issued.get(name) ?? [],
      eventBefore,
      eventAfter: event,
    }
  })
}
