/**
 * The reads: what the Inspector shows, straight from the rows. No counters are kept that could drift:
 * `dest` is counted from deliveries, `$event` is derived from the raw request.
 *
 * Invariant: a read never changes anything and never delays a write.
 */
import type { DestinationSettings } from '../model/destination.ts'
import type {
  Attempt,
  DeliveryStatus,
  FailureCode,
  SealedRequest,
  Send,
} from '../model/delivery.ts'
import type { EventError, RawRequest } from '../model/event.ts'
import type { LogEntry, RunStatus, StepRecord } from '../model/run.ts'
import type { DeliveryKey } from '../model/ids.ts'
import type { Buckets, Quantiles } from '../model/series.ts'
import type { Step, Workflow, WorkflowVersion } from '../model/workflow.ts'

/** `failed` are those that ended without delivery: failed, blocked or canceled. */
export type Dest = { readonly delivered: number; readonly total: number; readonly failed: number }

export type EventFilter = {
  /** Case-insensitive, partial, over every field name and value of `$event`. */
  readonly q?: string
  /** Secrets: what is searched is masked as it is when it is shown, so that no search finds them. */
  readonly hidden?: readonly string[]
  readonly status?: RunStatus
  /** Events with at least one delivery in this state. */
  readonly delivery?: DeliveryStatus
  readonly version?: number
  /** Received before, and from, these instants. */
  readonly before?: number
  readonly after?: number
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

export type DeliveryFilter = {
  readonly workflowId?: string
  readonly status?: DeliveryStatus
  readonly code?: FailureCode
  readonly origin?: string
  /** Case-insensitive, partial, over method, address, step and code. */
  readonly q?: string
  /** As in `EventFilter`. */
  readonly hidden?: readonly string[]
  /** Of events received before, and from, these instants. */
  readonly before?: number
  readonly after?: number
}

/** A delivery in the list of all of them: without bodies, and with its last attempt in short. */
export type DeliveryRow = {
  readonly id: string
  readonly eventId: string
  readonly workflowId: string
  readonly step: string
  readonly index: number
  readonly status: DeliveryStatus
  readonly code: FailureCode | null
  readonly method: string
  /** As it may be shown, as far as names tell. */
  readonly url: string
  readonly origin: string
  readonly receivedAt: number
  readonly dueAt: number | null
  /** The number of the last attempt that was begun. */
  readonly attempts: number
  /** The last attempt that ended. */
  readonly last: {
    readonly startedAt: number
    readonly outcome: Attempt['outcome']
    readonly status: number | null
    readonly totalMs: number | null
    readonly error: string | null
  } | null
}

export type DeliveryDetail = {
  readonly id: string
  readonly send: Send
  /** Where the request holds secrets, and `send` is what may be shown of it. */
  readonly sealed: Pick<SealedRequest, 'bodySize'> | null
  readonly status: DeliveryStatus
  readonly code: FailureCode | null
  readonly dueAt: number | null
  /** Of the attempts only the latest is here, without headers and bodies: all would be too much. */
  readonly isAbridged: boolean
  readonly attempts: readonly Attempt[]
}

/** What came in, without what became of it. */
export type ReceivedEvent = {
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
}

export type EventDetail = ReceivedEvent & {
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

/** Figures of the events that came in from `at` on, until the next bucket. */
export type StatsBucket = {
  readonly at: number
  readonly events: number
  /** False where what became of them was looked up for a sample, and scaled. */
  readonly isExact: boolean
  /** Listed with an error, and no run. */
  readonly refused: number
  readonly runs: Readonly<Partial<Record<RunStatus, number>>>
  readonly deliveries: Readonly<Partial<Record<DeliveryStatus, number>>>
  /** From the event's arrival to the start of its run. */
  readonly delayMs: Quantiles | null
  readonly runMs: Quantiles | null
  /** The whole of the last attempt. */
  readonly deliveryMs: Quantiles | null
}

/** How a workflow has been doing. */
export type Activity = {
  readonly workflowId: string
  /** Events of each of the last 24 hours, oldest first. */
  readonly hours: readonly number[]
  /** Of so many of its latest events, so many went wrong. */
  readonly looked: number
  readonly failed: number
  readonly lastEventAt: number | null
  readonly lastError: EventRow | null
}

/** What /metrics and the workflows page count. */
export type Backlog = {
  readonly queuedEvents: number
  /** Pending, or begun and not ended; what is held waits for a person and is not counted. */
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
  /** Newest first. */
  listVersions(
    accountId: number,
    workflowId: string,
    limit: number,
    cursor: string | null,
  ): Promise<Page<WorkflowVersion>>
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
  /** How many events a filter meets; `isExact` false where there may be more than were looked at. */
  countEvents(
    accountId: number,
    workflowId: string,
    filter: EventFilter,
  ): Promise<{ readonly count: number; readonly isExact: boolean }>
  /** With all attempts as long as these fit one answer; the deliveries after that are abridged. */
  event(accountId: number, eventId: string): Promise<EventDetail | undefined>
  receivedEvent(accountId: number, eventId: string): Promise<ReceivedEvent | undefined>
  /** Over all workflows, newest event first; bounded as `listEvents` is. */
  listDeliveries(
    accountId: number,
    filter: DeliveryFilter,
    limit: number,
    cursor: string | null,
  ): Promise<Page<DeliveryRow>>
  /** With its latest attempts, of those numbered below `before`; as many as fit one answer. */
  delivery(
    accountId: number,
    key: DeliveryKey,
    before: number | null,
  ): Promise<DeliveryDetail | undefined>
  /** Whose workflow a delivery belongs to, and where it goes, without reading bodies. */
  deliveryStatus(
    accountId: number,
    key: DeliveryKey,
  ): Promise<{ workflowId: string; origin: string; status: DeliveryStatus } | undefined>
  backlog(): Promise<Backlog>
  /** Every origin that the account ever had a delivery for, by name; with `q` in it, in either case. */
  listDestinations(
    accountId: number,
    q: string,
    limit: number,
    cursor: string | null,
  ): Promise<Page<DestinationRow>>
  destination(accountId: number, origin: string): Promise<DestinationRow | undefined>
  /** Figures over time; the work is bounded by the number of buckets. `workflowId` null: all. */
  stats(
    accountId: number,
    workflowId: string | null,
    buckets: Buckets,
  ): Promise<readonly StatsBucket[]>
  /** In the order of `listWorkflows`, with its cursors. `now` ends the last hour. */
  activity(
    accountId: number,
    now: number,
    limit: number,
    cursor: string | null,
  ): Promise<Page<Activity>>
}
