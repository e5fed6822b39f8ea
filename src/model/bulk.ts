/** Work in bulk: one decision about many events or deliveries, done at a pace, with its progress on record. */
import type { DeliveryStatus, FailureCode } from './delivery.ts'
import type { RunStatus } from './run.ts'

/** Which deliveries to send once more: those listed, or those that a list would show. */
export type RedeliverFilter = {
  readonly ids?: readonly string[]
  readonly workflowId?: string
  readonly status?: DeliveryStatus
  readonly code?: FailureCode
  readonly origin?: string
  readonly q?: string
  readonly before?: number
  readonly after?: number
}

/** Which events to run again; all of them on their workflow's latest version, or each on its own. */
export type ReplayFilter = {
  readonly ids?: readonly string[]
  readonly workflowId?: string
  readonly status?: RunStatus
  readonly delivery?: DeliveryStatus
  readonly version?: number
  readonly q?: string
  readonly before?: number
  readonly after?: number
  readonly runOn: 'latest' | 'original'
}

export type BulkWork =
  | { readonly action: 'redeliver'; readonly filter: RedeliverFilter }
  | { readonly action: 'replay'; readonly filter: ReplayFilter }

export type NewBulkJob = BulkWork & {
  readonly accountId: number
  readonly id: string
  /** Items a second. */
  readonly rate: number
}

export type BulkJob = NewBulkJob & {
  readonly state: 'running' | 'done' | 'canceled'
  /** Null until the items have been counted. */
  readonly total: number | null
  readonly done: number
  /** Items that could not be done; `message` says why of the last one. */
  readonly failed: number
  readonly message: string | null
  /** How far it is; null at the start. */
  readonly cursor: string | null
  readonly createdAt: number
  readonly finishedAt: number | null
}

/** One item: a delivery to send once more, or an event to run again under a new id. */
export type BulkItem =
  | { readonly kind: 'redeliver'; readonly deliveryId: string }
  | { readonly kind: 'replay'; readonly eventId: string; readonly newId: string }

/** What one step of a job does, all or nothing. */
export type BulkStep = {
  readonly items: readonly BulkItem[]
  /** The cursor that the items were read from; the step is void if the job has moved on from it. */
  readonly from: string | null
  /** Where to go on; null when these were the last. */
  readonly next: string | null
}
