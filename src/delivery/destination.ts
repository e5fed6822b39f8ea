/**
 * What delivery knows of a destination: what a person decided, how fast it may be served, whether its
 * retries may go, and how it has been lately. It outlives the lane, whose connections and tasks come and go.
 */
import type { Clock } from '../clock.ts'
import type { DeliveryTask } from '../model/delivery.ts'
import type {
  DestinationActivity,
  DestinationError,
  DestinationSettings,
} from '../model/destination.ts'
import { limits } from '../model/limits.ts'
import type { Attempted } from './attempt.ts'
import { Breaker } from './breaker.ts'
import { Pace } from './pace.ts'
import type { LoadSign } from './pace.ts'
import { Recent } from './recent.ts'
import { isOverloaded, isPassing, retryAfterMs } from './retry.ts'

/** A wait that is shorter is sat out in memory; for a longer one deliveries go back to the store. */
const SHORT_MS = 1_000
/** Of a destination with a rate, what is sent within so many seconds is held ready. */
const RATED_SECONDS = 3

type DestinationClock = Pick<Clock, 'nowMs' | 'monotonicMs'>
type Settings = Pick<DestinationSettings, 'paused' | 'concurrency' | 'ratePerSecond'>

export class Destination {
  readonly key: string
  readonly origin: string
  readonly pace = new Pace()
  readonly breaker = new Breaker()
  readonly #clock: DestinationClock
  readonly #recent = new Recent()
  #isPaused = false
  #isSet = false
  #usedAt: number
  #lastAttemptAt: number | null = null
  #lastError: DestinationError | null = null

  constructor(clock: DestinationClock, key: string, origin: string) {
    this.#clock = clock
    this.key = key
    this.origin = origin
    this.#usedAt = clock.monotonicMs()
  }

  /**
   * How many deliveries may be in memory for it: what waits long waits in the store, where it is not
   * taken for an attempt under way, and can be held and canceled.
   */
  get capacity(): number {
    const isShut = this.#isPaused || this.pace.notBefore - this.#clock.monotonicMs() > SHORT_MS
    if (isShut) return 0
    const { ratePerSecond } = this.pace
    if (ratePerSecond === null) return limits.laneCapacity
    return Math.min(limits.laneCapacity, Math.ceil(ratePerSecond * RATED_SECONDS))
  }

  /** Whether it may be forgotten. */
  get isStale(): boolean {
    const now = this.#clock.monotonicMs()
    const isPlain = !this.#isSet && this.breaker.until === null && this.pace.notBefore < now
    return isPlain && now - this.#usedAt > limits.destinationRecentMs
  }

  /** Resuming begins slowly. */
  configure(settings: Settings | undefined): void {
    const { paused, concurrency, ratePerSecond } = settings ?? UNSET
    this.pace.configure(concurrency, ratePerSecond)
    if (this.#isPaused && !paused) this.pace.rampUp(this.#clock.monotonicMs())
    this.#isPaused = paused
    this.#isSet = settings !== undefined
  }

  /** A person says that it can take deliveries again. */
  lift(): void {
    this.pace.lift()
    this.breaker.reset()
  }

  begin(task: DeliveryTask): void {
    this.#usedAt = this.#clock.monotonicMs()
    this.pace.begin()
    if (task.attempt > 1) this.breaker.begin(this.#usedAt)
  }

  /** Takes in what came of an attempt. A fault of ours, and a refusal of the guard, say nothing of it. */
  end(task: DeliveryTask, { attempt, ours }: Attempted): void {
    const now = this.#clock.monotonicMs()
    const { outcome, startedAt, timings } = attempt
    this.#usedAt = now
    this.#lastAttemptAt = startedAt
    if (attempt.code !== null) {
      const message = attempt.error?.message ?? ''
      this.#lastError = { at: startedAt, code: attempt.code, message, deliveryId: task.id }
    }
    this.#recent.add(outcome === 'delivered', timings?.totalMs ?? 0, now)
    const isUnknown = ours || outcome === 'blocked'
    const result = isUnknown ? 'unknown' : isPassing(attempt) ? 'failed' : 'passed'
    this.breaker.end(task.attempt > 1, result, now)
    this.pace.end(ours ? 'none' : loadSign(attempt), now - (timings?.totalMs ?? 0), now)
    // Where nobody asked for retries a wait would only delay what fails then; so it is on record, no more.
    const isAsked = isOverloaded(attempt) && (task.send.retry ?? false) !== false
    const waitMs = isAsked ? retryAfterMs(attempt.response, this.#clock.nowMs()) : null
    if (waitMs) this.pace.waitUntil(now + waitMs, now)
  }

  activity(inFlight: number, waiting: number): DestinationActivity {
    const now = this.#clock.monotonicMs()
    const instant = (at: number): number => Math.round(this.#clock.nowMs() + at - now)
    const { notBefore } = this.pace
    const { until } = this.breaker
    return {
      origin: this.origin,
      concurrency: this.pace.concurrency(now),
      inFlight,
      waiting,
      retryAfter: notBefore > now ? instant(notBefore) : null,
      breaker: { state: this.breaker.state(now), until: until === null ? null : instant(until) },
      recent: this.#recent.summary(now),
      lastAttemptAt: this.#lastAttemptAt,
      lastError: this.#lastError,
    }
  }
}

const UNSET: Settings = { paused: false, concurrency: null, ratePerSecond: null }

function loadSign(attempt: Attempted['attempt']): LoadSign {
  if (isOverloaded(attempt)) return 'overloaded'
  if (attempt.code === 'timeout' || attempt.code === 'connect_timeout') return 'timed_out'
  return attempt.response === null ? 'none' : 'answered'
}
