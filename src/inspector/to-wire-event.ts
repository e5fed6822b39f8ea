/** Events as the API shows them: `$event` derived from the raw request, the run's steps, what it sent. */
import { deriveEvent } from '../model/derive-event.ts'
import type { Mask } from '../model/redact-values.ts'
import type { Dest, EventDetail, EventRow } from '../store/inspect.ts'
import { instant } from './instant.ts'
import { maskEventView } from './mask-wire.ts'
import { toWireDelivery } from './to-wire-delivery.ts'
import type { EventDetailWire, EventRowWire } from './wire-event.ts'

export function toWireEventRow(row: EventRow, mask: Mask): EventRowWire {
  const { id, receivedAt, method, status, version, durationMs, message } = row
  return {
    id,
    receivedAt: instant(receivedAt),
    method,
    path: mask(row.path),
    status,
    version,
    durationMs,
    message,
    dest: toWireDest(row.dest),
    failed: row.dest.failed,
    replayOf: row.replayOf,
    error: row.error,
  }
}

export function toWireEvent(detail: EventDetail, mask: Mask): EventDetailWire {
  const { id, workflowId, receivedAt, replayOf, error, request, dest, deliveries } = detail
  return {
    id,
    workflowId,
    receivedAt: instant(receivedAt),
    replayOf,
    error,
    event: maskEventView(deriveEvent(request), mask),
    run: toWireRun(detail),
    dest: toWireDest(dest),
    deliveries: deliveries.map((delivery) => toWireDelivery(delivery, mask)),
  }
}

/** What a step's code did after the run had ended stands at the end of that step's logs as well. */
function toWireRun({ run, version }: EventDetail): EventDetailWire['run'] {
  if (!run) return null
  const { id, status, durationMs, message, late } = run
  const steps = run.steps.map((step) => {
    const after = late.filter((entry) => entry.step === step.name)
    return {
      ...step,
      logs: [...step.logs, ...after.map(({ at, level, text }) => ({ at, level, text }))],
    }
  })
  return { id, version, status, durationMs, message, steps, late }
}

const toWireDest = ({ delivered, total }: Dest): EventRowWire['dest'] => ({ delivered, total })
