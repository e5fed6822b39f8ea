/**
 * Retries (SPEC section 5), off by default: which failures are worth another attempt, when it is due, and
 * what a destination asks for with Retry-After.
 *
 * `attempts` counts all of them, the first included. A schedule is the delays between them; where it is
 * shorter than the attempts, its last delay is repeated.
 */
import type { Attempt, CapturedResponse, FailureCode } from '../model/delivery.ts'
import { limits } from '../model/limits.ts'
import type { RetryPolicy } from '../model/workflow.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

export const DEFAULT_SCHEDULE_MS: readonly number[] = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  6 * HOUR,
  12 * HOUR,
]

/** A fifth more or less, so that what failed together does not come again together. */
const JITTER = 0.2
/** What a wait that the destination asked for is stretched by at most. */
const STRETCH_MAX_MS = MINUTE

const NETWORK: ReadonlySet<FailureCode> = new Set([
  'dns',
  'connect_refused',
  'connect_timeout',
  'tls',
  'reset',
  'timeout',
])
const PASSING: ReadonlySet<number> = new Set([408, 425, 429])

/** Whether the failure may pass by itself; any other answer stays the same however often it is asked for. */
export function isPassing({ outcome, code, response }: Attempt): boolean {
  if (outcome !== 'failed' || code === null) return false
  if (code !== 'http_status') return NETWORK.has(code)
  const status = response?.status ?? 0
  return PASSING.has(status) || (status >= 500 && status <= 599 && status !== 501)
}

/**
 * When the attempt after `attempt` is due; null when there is none. `random` is uniform in [0, 1).
 */
export function retryDueAt(
  policy: RetryPolicy | null,
  attempt: Attempt,
  nowMs: number,
  random: number,
): number | null {
  const delayMs = isPassing(attempt) ? delayBefore(policy, attempt.number + 1) : null
  if (delayMs === null) return null
  const asked = retryAfterMs(attempt.response, nowMs) ?? 0
  const own = delayMs * (1 - JITTER + 2 * JITTER * random)
  const stretched = asked + Math.min(asked * JITTER, STRETCH_MAX_MS) * random
  return nowMs + Math.round(Math.max(own, stretched))
}

/** What passes before attempt `number`, from the one before it; null where there is no such attempt. */
function delayBefore(policy: RetryPolicy | null, number: number): number | null {
  if (policy === null || policy === false) return null
  const { attempts, schedule = DEFAULT_SCHEDULE_MS } = policy === true ? {} : policy
  if (number > (attempts ?? schedule.length + 1)) return null
  return schedule[number - 2] ?? schedule.at(-1)!
}

/** Only for 429 and 503 is it said of the whole destination. */
export function isOverloaded(attempt: Attempt): boolean {
  const { code, response } = attempt
  return code === 'http_status' && (response?.status === 429 || response?.status === 503)
}

/** As RFC 9110, 5.6.7 has it: the form to send, and the two older ones; the last has no zone and means UTC. */
const DATE = /^[A-Z][a-z]{2,8}, \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT$/
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/

/** RFC 9110, 10.2.3: seconds or a date; at most 24 hours; null where there is none or it is no such thing. */
export function retryAfterMs(response: CapturedResponse | null, nowMs: number): number | null {
  const text = response?.headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1].trim()
  if (text === undefined) return null
  const ms = /^\d+$/.test(text) ? Number(text) * SECOND : dateOf(text) - nowMs
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), limits.retryDelayMsMax)
}

function dateOf(text: string): number {
  if (ASCTIME.test(text)) return Date.parse(`${text} GMT`)
  return DATE.test(text) ? Date.parse(text) : Number.NaN
}
