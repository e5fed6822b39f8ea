/**
 * A destination: the origin that deliveries go to, per account. A person may pause it, cap it, or set
 * its rate; what goes on there at present is known to delivery alone.
 */
import type { FailureCode } from './delivery.ts'

/** The lane that deliveries of one account to one origin share. */
export const laneKey = (accountId: number, origin: string): string => `${accountId} ${origin}`

/** What a person has decided; null leaves it to the default. */
export type DestinationSettings = {
  readonly accountId: number
  readonly origin: string
  /** Nothing is sent; deliveries wait as `held`. */
  readonly paused: boolean
  readonly concurrency: number | null
  readonly ratePerSecond: number | null
}

export type DestinationChange = Partial<
  Pick<DestinationSettings, 'paused' | 'concurrency' | 'ratePerSecond'>
>

export type BreakerState = 'closed' | 'open' | 'half_open'

export type DestinationError = {
  readonly at: number
  readonly code: FailureCode
  readonly message: string
  readonly deliveryId: string
}

/** What goes on at a destination, as delivery sees it since it last had something to do there. */
export type DestinationActivity = {
  readonly origin: string
  /** How many attempts may be in flight at present. */
  readonly concurrency: number
  readonly inFlight: number
  /** In memory, without an attempt under way. */
  readonly waiting: number
  /** Until when the destination asked not to be sent anything. */
  readonly retryAfter: number | null
  readonly breaker: { readonly state: BreakerState; readonly until: number | null }
  readonly recent: {
    readonly delivered: number
    readonly failed: number
    readonly p50Ms: number | null
    readonly p95Ms: number | null
  }
  readonly lastAttemptAt: number | null
  readonly lastError: DestinationError | null
}

const ID = /^dst_([\w-]{1,500})$/

/** Names an origin within its account, fit for a path: `dst_` and the origin in base64url. */
export const destinationId = (origin: string): string =>
  `dst_${Buffer.from(origin).toString('base64url')}`

/** Reads a destination's id back; undefined when the text is not one. */
export function originOfDestination(id: string): string | undefined {
  const text = ID.exec(id)?.[1]
  const origin = text && Buffer.from(text, 'base64url').toString()
  return origin && destinationId(origin) === id ? origin : undefined
}
