/** A destination as the API shows it: what is decided about it, and what goes on there. */
import type { DestinationActivity } from '../model/destination.ts'
import { destinationId } from '../model/destination.ts'
import { limits } from '../model/limits.ts'
import type { DestinationRow } from '../store/inspect.ts'
import { instant } from './instant.ts'
import type { DestinationWire } from './wire-operations.ts'

/** `activity` is null where delivery has had nothing to do with it lately. */
export function toWireDestination(
  row: DestinationRow,
  activity: DestinationActivity | null,
  nowMs: number,
): DestinationWire {
  const { origin, paused, concurrency, ratePerSecond, pending, held } = row
  const cap = concurrency ?? limits.laneConcurrency
  const isAskedToWait = (activity?.retryAfter ?? 0) > nowMs
  const { breaker, recent, lastError, lastAttemptAt } = activity ?? NOTHING
  return {
    id: destinationId(origin),
    origin,
    state: stateOf(row, activity, cap, isAskedToWait),
    paused,
    concurrency,
    concurrencyCap: cap,
    concurrencyNow: Math.min(activity?.concurrency ?? cap, cap),
    ratePerSecond,
    inFlight: activity?.inFlight ?? 0,
    waiting: pending + (activity?.waiting ?? 0),
    held,
    retryAfter: isAskedToWait ? instant(activity!.retryAfter!) : null,
    breaker: {
      state: breaker.state,
      until: breaker.until === null ? null : instant(breaker.until),
    },
    recent: { windowMs: limits.destinationRecentMs, ...recent },
    lastAttemptAt: lastAttemptAt === null ? null : instant(lastAttemptAt),
    lastError: lastError && { ...lastError, at: instant(lastError.at) },
  }
}

const NOTHING: Pick<DestinationActivity, 'breaker' | 'recent' | 'lastError' | 'lastAttemptAt'> = {
  breaker: { state: 'closed', until: null },
  recent: { delivered: 0, failed: 0, p50Ms: null, p95Ms: null },
  lastError: null,
  lastAttemptAt: null,
}

/** The one thing that holds it up most. */
function stateOf(
  { paused }: DestinationRow,
  activity: DestinationActivity | null,
  cap: number,
  isAskedToWait: boolean,
): DestinationWire['state'] {
  if (paused) return 'paused'
  if (activity && activity.breaker.state !== 'closed') return 'open'
  if (isAskedToWait || (activity && activity.concurrency < cap)) return 'throttled'
  return 'ok'
}
