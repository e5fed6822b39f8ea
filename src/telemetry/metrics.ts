/**
 * What is counted, for /metrics. Parts are handed this interface, or a `Pick` of it; a call costs well
 * under a microsecond (measured: 0.05 to 0.25 us). The names and labels below
 * are a contract with whoever draws them. No label has a value that a user or a sender chooses, so the
 * number of series is bounded.
 *
 * Backlog is read from the store when it is asked for: a gauge kept here could drift.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { AttemptOutcome, FailureCode } from '../model/delivery.ts'
import type { FinalRunStatus } from '../model/run.ts'
import type { Backlog } from '../store/inspect.ts'

export interface Metrics {
  /** A request to a trigger was answered; 200 means that its event is durable. */
  eventAnswered(status: number, durationMs: number): void
  /** That many events went into one call of `store.admit`. */
  eventsAdmitted(count: number): void
  runEnded(status: FinalRunStatus, durationMs: number): void
  attemptEnded(outcome: AttemptOutcome, code: FailureCode | null, durationMs: number): void
  /** The text format of Prometheus. Reads the backlog. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>
}

type Deps = {
  readonly backlog: () => Promise<Backlog>
  readonly clock: Pick<Clock, 'nowMs'>
}

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const DURATION_SECONDS = [...LATENCY_SECONDS, 30, 60, 120, 300]
const BATCH_EVENTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]

export function createMetrics(deps: Deps): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const accepted = new Histogram({
    name: 'sendoff_event_accept_seconds',
    help: 'Time from the head of a request to a trigger to its 200, which means that its event is durable',
    buckets: LATENCY_SECONDS,
    registers,
  })
  const refused = new Counter({
    name: 'sendoff_events_refused_total',
    help: 'Requests to a trigger that were refused, by status',
    labelNames: ['status'],
    registers,
  })
  const admitted = new Histogram({
    name: 'sendoff_admit_batch_events',
    help: 'Events that shared one call of the store',
    buckets: BATCH_EVENTS,
    registers,
  })
  const runs = new Histogram({
    name: 'sendoff_run_seconds',
    help: 'Duration of runs, without delivery, by how they ended',
    labelNames: ['status'],
    buckets: DURATION_SECONDS,
    registers,
  })
  const attempts = new Histogram({
    name: 'sendoff_attempt_seconds',
    help: 'Duration of attempts at deliveries, by outcome',
    labelNames: ['outcome'],
    buckets: DURATION_SECONDS,
    registers,
  })
  const failures = new Counter({
    name: 'sendoff_attempt_failures_total',
    help: 'Attempts that did not deliver, by code',
    labelNames: ['code'],
    registers,
  })
  const updateBacklog = backlogGauges(deps, registry)
  return {
    eventAnswered(status, durationMs) {
      if (status === 200) accepted.observe(durationMs / 1000)
      else refused.inc({ status })
    },
    eventsAdmitted: (count) => admitted.observe(count),
    runEnded: (status, durationMs) => runs.observe({ status }, durationMs / 1000),
    attemptEnded(outcome, code, durationMs) {
      attempts.observe({ outcome }, durationMs / 1000)
      if (code !== null) failures.inc({ code })
    },
    async render() {
      await updateBacklog()
      return { contentType: registry.contentType, body: await registry.metrics() }
    },
  }
}

/** Makes the gauges; the function returned fills them. While the store is away they are NaN, not old. */
function backlogGauges({ backlog, clock }: Deps, registry: Registry): () => Promise<void> {
  const gauge = (name: string, help: string): Gauge =>
    new Gauge({ name, help, registers: [registry] })
  const readable = gauge('sendoff_store_readable', '1 if the store answered this very request')
  const queued = gauge('sendoff_queued_events', 'Accepted events whose run has not ended')
  const pending = gauge('sendoff_pending_deliveries', 'Deliveries that have not ended')
  const age = gauge('sendoff_oldest_queued_seconds', 'Age of the oldest such event; 0 without one')
  return async () => {
    const found = await backlog().catch(() => undefined)
    const { queuedEvents, pendingDeliveries, oldestQueuedAt } = found ?? AWAY
    readable.set(found === undefined ? 0 : 1)
    queued.set(queuedEvents)
    pending.set(pendingDeliveries)
    age.set(oldestQueuedAt === null ? 0 : (clock.nowMs() - oldestQueuedAt) / 1000)
  }
}

const AWAY: Backlog = {
  queuedEvents: Number.NaN,
  pendingDeliveries: Number.NaN,
  oldestQueuedAt: Number.NaN,
}
