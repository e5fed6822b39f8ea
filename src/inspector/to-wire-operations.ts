/** Rows and figures over all workflows as the API shows them. */
import type { Mask } from '../model/redact-values.ts'
import type { Activity, Backlog, DeliveryRow, EventRow, StatsBucket } from '../store/inspect.ts'
import { instant } from './instant.ts'
import type {
  ActivityWire,
  DeliveryRowWire,
  FiguresBucketWire,
  FiguresWire,
  StatsWire,
} from './wire-operations.ts'

export function toWireDeliveryRow(row: DeliveryRow, mask: Mask): DeliveryRowWire {
  const { id, eventId, workflowId, step, index, status, code, method, attempts, last } = row
  return {
    id,
    eventId,
    workflowId,
    step,
    index,
    status,
    code,
    method,
    url: mask(row.url),
    origin: mask(row.origin),
    receivedAt: instant(row.receivedAt),
    dueAt: instantOrNull(row.dueAt),
    attempts,
    last: last && {
      startedAt: instant(last.startedAt),
      outcome: last.outcome,
      status: last.status,
      totalMs: last.totalMs,
      error: last.error === null ? null : mask(last.error),
    },
  }
}

type Span = { readonly from: number; readonly to: number; readonly widthMs: number }

export function toWireStats(
  { from, to, widthMs }: Span,
  buckets: readonly StatsBucket[],
  backlog: Backlog,
): StatsWire {
  const series = buckets.map(toWireBucket)
  const totals = series.reduce<FiguresWire>(sum, NOTHING)
  const { delivered, failed, blocked, canceled } = totals.deliveries
  const ended = delivered + failed + blocked + canceled
  return {
    from: instant(from),
    to: instant(to),
    bucketMs: widthMs,
    isExact: buckets.every(({ isExact }) => isExact),
    totals,
    successRate: ended === 0 ? null : delivered / ended,
    queue: {
      events: backlog.queuedEvents,
      deliveries: backlog.pendingDeliveries,
      oldestAt: instantOrNull(backlog.oldestQueuedAt),
    },
    series,
  }
}

const NOTHING: FiguresWire = {
  events: 0,
  refused: 0,
  runs: { queued: 0, running: 0, succeeded: 0, ended: 0, failed: 0, timed_out: 0 },
  deliveries: {
    pending: 0,
    sending: 0,
    delivered: 0,
    failed: 0,
    blocked: 0,
    canceled: 0,
    held: 0,
  },
}

function toWireBucket(bucket: StatsBucket): FiguresBucketWire {
  const { at, events, refused, runs, deliveries, delayMs, runMs, deliveryMs } = bucket
  return {
    at: instant(at),
    events,
    refused,
    runs: { ...NOTHING.runs, ...runs },
    deliveries: { ...NOTHING.deliveries, ...deliveries },
    delayMs,
    runMs,
    deliveryMs,
  }
}

const sum = (a: FiguresWire, b: FiguresWire): FiguresWire => ({
  events: a.events + b.events,
  refused: a.refused + b.refused,
  runs: added(a.runs, b.runs),
  deliveries: added(a.deliveries, b.deliveries),
})

function added<Counts extends Readonly<Record<string, number>>>(a: Counts, b: Counts): Counts {
  return Object.fromEntries(
    Object.entries(a).map(([name, value]) => [name, value + b[name]!]),
  ) as Counts
}

export function toWireActivity(activity: Activity): ActivityWire {
  const { workflowId, hours, looked, failed, lastEventAt, lastError } = activity
  return {
    workflowId,
    hours,
    looked,
    failed,
    lastEventAt: instantOrNull(lastEventAt),
    lastError: lastError && {
      eventId: lastError.id,
      at: instant(lastError.receivedAt),
      message: whatWentWrong(lastError),
    },
  }
}

/** Deliveries fail after the run, whose own message then tells of something else. */
function whatWentWrong({ error, status, message, dest }: EventRow): string {
  if (error) return error.message
  if (message !== null && (status === 'failed' || status === 'timed_out')) return message
  return `${dest.failed} of ${dest.total} ${dest.total === 1 ? 'delivery' : 'deliveries'} failed`
}

const instantOrNull = (at: number | null): string | null => (at === null ? null : instant(at))
