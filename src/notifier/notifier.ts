/**
 * Hints: that something changed, never what. A hint may be lost, and then costs one poll interval and
 * nothing else, so nobody may rely on one. Live streams and caches listen here.
 */
import type { Service } from '../service.ts'

export type Hint =
  | {
      readonly kind: 'workflow'
      readonly accountId: number
      readonly workflowId: string
      readonly key: string
    }
  | {
      readonly kind: 'event' | 'run'
      readonly accountId: number
      readonly workflowId: string
      readonly eventId: string
    }
  | {
      readonly kind: 'delivery'
      readonly accountId: number
      readonly workflowId: string
      readonly eventId: string
      readonly deliveryId: string
    }
  | { readonly kind: 'env'; readonly accountId: number }
  | { readonly kind: 'signing'; readonly accountId: number; readonly workflowId: string }

export interface Notifier extends Service {
  /** Returns at once and never throws. */
  publish(hint: Hint): void
  /** Calls `listener` for each hint until the returned function is called; a listener must not throw. */
  subscribe(listener: (hint: Hint) => void): () => void
}
