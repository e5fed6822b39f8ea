/**
 * One token bucket per endpoint: `burst` tokens at most, refilled at `perSecond`. Buckets that have
 * not been used lately are forgotten, which gives their endpoint a full burst again; that takes
 * `endpointCacheEntries` other endpoints in use, and it bounds the memory.
 */
import type { Clock } from '../clock.ts'
import { limits } from '../model/limits.ts'
import { RecentMap } from './recent-map.ts'

type Rate = { readonly perSecond: number; readonly burst: number }
type Bucket = { tokens: number; filledAt: number }

const LONGEST_WAIT_SECONDS = 3_600

export class RateLimit {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #buckets: RecentMap<string, Bucket>

  constructor(clock: Pick<Clock, 'monotonicMs'>, capacity: number = limits.endpointCacheEntries) {
    this.#clock = clock
    this.#buckets = new RecentMap(capacity)
  }

  /** Takes a token: 0, or in how many whole seconds there will be one. */
  take(endpoint: string, rate: Rate): number {
    const now = this.#clock.monotonicMs()
    let bucket = this.#buckets.get(endpoint)
    if (bucket === undefined) {
      bucket = { tokens: rate.burst, filledAt: now }
      this.#buckets.set(endpoint, bucket)
    }
    const refilled = bucket.tokens + ((now - bucket.filledAt) / 1000) * rate.perSecond
    bucket.tokens = Math.min(rate.burst, refilled)
    bucket.filledAt = now
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1
      return 0
    }
    const seconds = Math.ceil((1 - bucket.tokens) / rate.perSecond)
    return Math.min(seconds, LONGEST_WAIT_SECONDS)
  }
}
