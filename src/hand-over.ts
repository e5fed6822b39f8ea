/**
 * Where the parts meet on the path of an event: ingest hands events to execution, execution hands
 * deliveries to delivery. Neither knows the other; the composition root passes one in as the other's
 * `handOver`. Both lines work alike: reserve a place in memory before the commit, offer after it.
 *
 * Invariant: every place reserved is answered by exactly one `offer` or `release`.
 */
import type { DeliveryTask } from './model/delivery.ts'
import type { QueuedEvent } from './model/event.ts'
import type { TriggerResponse } from './model/respond.ts'

/** What ingest needs of execution. */
export interface EventHandOver {
  /** Reserves a place for one event, synchronously; `true` where it may be born leased. */
  reserve(accountId: number, workflowId: string, bytes: number): boolean
  /** Hands over events that are durable, leased to this node, and have a reserved place. */
  offer(events: readonly QueuedEvent[]): void
  /** Gives a reserved place back: the commit failed, or the event was a repetition. */
  release(accountId: number, workflowId: string, bytes: number): void
}

/** How the run of an event answers the request that the event came with. */
export type RunAnswer =
  | { readonly kind: 'response'; readonly response: TriggerResponse }
  /** It has ended, and no step called `$respond`. */
  | { readonly kind: 'none' }
  | { readonly kind: 'timed_out' }
  /** It did not end here: the event stays queued. */
  | { readonly kind: 'left' }

export type ExpectedAnswer = {
  /** Never rejects, and may never resolve: who waits brings a clock. */
  readonly answer: Promise<RunAnswer>
  /** Nobody waits any more. */
  cancel(): void
}

/** What ingest needs of execution where a workflow answers by itself. */
export interface AnswerHandOver {
  /** Says that a request waits for the run of this event; said before the event is admitted. */
  expect(eventId: string): ExpectedAnswer
}

/** What execution needs of delivery, which may live in another thread. */
export interface HandOver {
  /** Reserves a place in each origin's lane, synchronously; `true` where it may be born leased. */
  reserve(accountId: number, origins: readonly string[]): readonly boolean[]
  /** Hands over tasks whose attempt is committed as begun, and that have a reserved place. */
  offer(tasks: readonly DeliveryTask[]): void
  /** Gives reserved places back when the commit failed. */
  release(accountId: number, origins: readonly string[]): void
}
