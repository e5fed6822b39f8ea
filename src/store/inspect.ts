/**
 * The reads: what the Inspector shows, straight from the rows. No counters are kept that could drift:
 * `dest` is counted from deliveries, `$event` is derived from the raw request.
 *
 * Invariant: a read never changes anything and never delays a write.
 */
import type { DestinationSettings } from '../model/destination.ts'
import type { Attempt, DeliveryStatus, FailureCode, Send } from '../model/delivery.ts'
import type { EventError, RawRequest } from '../model/event.ts'
import type { LogEntry, RunStatus, StepRecord } from '../model/run.ts'
import type { DeliveryKey } from '../model/ids.ts'
import type { Step, Workflow, WorkflowVersion } from '../model/workflow.ts'

/** `failed` are those that ended without delivery: failed, blocked or canceled. */
export type Dest = { readonly delivered: number; readonly total: number; readonly failed: number }

export type EventFilter = {
  /** Case-insensitive, partial, over every field name and value of `$event`. */
  readonly q?: string
  readonly status?: RunStatus
  /** Events with at least one delivery in this state. */
  readonly delivery?: DeliveryStatus
  readonly version?: number
  /** Received before this instant. */
  readonly before?: number
}

export type EventRow = {
  readonly id: string
  readonly receivedAt: number
  readonly method: string
  readonly path: string
  readonly status: RunStatus | null
  readonly version: number
  readonly durationMs: number | null
  readonly message: string | null
  readonly dest: Dest
  readonly replayOf: string | null
  readonly error: EventError | null
}

export type DeliveryDetail = {
  readonly id: string
  readonly send: Send
  readonly status: DeliveryStatus
  readonly code: FailureCode | null
  readonly dueAt: number | null
  readonly attempts: readonly Attempt[]
}

export type EventDetail = {
  readonly id: string
  readonly accountId: number
  readonly workflowId: string
  readonly version: number
  readonly receivedAt: number
  readonly replayOf: string | null
  readonly test: boolean
  /** The unsaved steps it ran, if a test brought its own. */
  readonly steps: readonly Step[] | null
  readonly error: EventError | null
  readonly request: RawRequest
  readonly run: {
    readonly id: string
    readonly status: RunStatus
    readonly startedAt: number | null
    readonly durationMs: number | null
    readonly message: string | null
    readonly steps: readonly StepRecord[]
    /** What happened after the run had ended, in order. */
    readonly late: readonly (LogEntry & { readonly step: string })[]
  } | null
  readonly dest: Dest
  readonly deliveries: readonly DeliveryDetail[]
}

export type Page<Row> = { readonly data: readonly Row[]; readonly nextCursor: string | null }

/** What /metrics and the workflows page count. */
export type Backlog = {
  readonly queuedEvents: number
  readonly pendingDeliveries: number
  readonly oldestQueuedAt: number | null
}

/** `pending` and `held` are counted up to `limits.destinationCount`. */
export type DestinationRow = DestinationSettings & {
  readonly pending: number
  readonly held: number
}

export interface Inspect {
  listWorkflows(accountId: number, limit: number, cursor: string | null): Promise<Page<Workflow>>
  workflow(accountId: number, id: string): Promise<Workflow | undefined>
  listVersions(accountId: number, workflowId: string): Promise<readonly WorkflowVersion[]>
  /**
   * Newest first. A search scans at most a bounded number of events a call: a page may then be short,
   * or empty, and still carry a cursor to go on with.
   */
  listEvents(
    accountId: number,
    workflowId: string,
    filter: EventFilter,
    limit: number,
    cursor: string | null,
  ): Promise<Page<EventRow>>
  event(accountId: number, eventId: string): Promise<EventDetail | undefined>
  /** Whose workflow a delivery belongs to, without reading bodies. */
  deliveryStatus(
    accountId: number,
    key: DeliveryKey,
  ): Promise<{ workflowId: string; status: DeliveryStatus } | undefined>
  backlog(): Promise<Backlog>
  /** Every origin that the account ever had a delivery for, by name. */
  listDestinations(
    accountId: number,
    limit: number,
    cursor: string | null,
  ): Promise<Page<DestinationRow>>
  destination(accountId: number, origin: string): Promise<DestinationRow | undefined>
}
