/**
 * What ingest needs of execution: places in memory before the commit, and the events after it. The
 * composition root hands ingest an implementation; the two never import each other's code.
 */
import type { QueuedEvent } from '../model/event.ts'

export interface EventHandOver {
  /**
   * Reserves a place for one event, synchronously; `true` where it may be born leased. Every `true`
   * must be followed by `offer` with that event, or by `release`.
   */
  reserve(workflowId: string, bytes: number): boolean
  /** Hands over events that are durable, leased to this node, and have a reserved place. */
  offer(events: readonly QueuedEvent[]): void
  /** Gives a reserved place back: the commit failed, or the event was a repetition. */
  release(workflowId: string, bytes: number): void
}
