/**
 * What execution needs of delivery: places in lanes before the commit, and the tasks after it. The
 * dispatcher may live in another thread; this is the line between them.
 */
import type { DeliveryTask } from '../model/delivery.ts'

export interface HandOver {
  /**
   * Reserves a place for each origin, synchronously; `true` where the delivery may be born leased.
   * Every `true` must be followed by `offer` with its task, or by `release`.
   */
  reserve(accountId: number, origins: readonly string[]): readonly boolean[]
  /** Hands over tasks whose attempt is committed as begun, and that have a reserved place. */
  offer(tasks: readonly DeliveryTask[]): void
  /** Gives reserved places back when the commit failed. */
  release(accountId: number, origins: readonly string[]): void
}
