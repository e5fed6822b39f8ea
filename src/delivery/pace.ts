/**
 * How fast one destination is served: how many attempts at once, how many a second, and not before when.
 *
 * At once: additive increase, multiplicative decrease. 429, 503 and time-outs halve it, answers that
 * take far longer than they used to take a fifth off; each answer adds 1/n, and each ten seconds without
 * such a sign add one, up to the cap. After a wait it begins with one and doubles, up to half of what it
 * was, so that nobody is overrun who has just come back.
 *
 * A decrease answers what was sent before it only once: attempts that began before it say nothing new.
 *
 * Pure: it is told the time, in milliseconds from any point.
 */
import { limits } from '../model/limits.ts'

/** What the end of an attempt says about the destination's load. */
export type LoadSign = 'answered' | 'overloaded' | 'timed_out' | 'none'

const RECOVERY_MS = 10_000
/** A burst of a tenth of a second; timers are too coarse for one by one. */
const BURST_SECONDS = 0.1
/** Slow is what takes four times as long as usual, and a second longer. */
const SLOW_RATIO = 4
const SLOW_MS = 1_000

export class Pace {
  #cap: number = limits.laneConcurrency
  #ratePerSecond: number | null = null
  #window: number = limits.laneConcurrency
  /** Up to here it doubles. */
  #threshold = 0
  #changedAt = -Infinity
  #decreasedAt = -Infinity
  #notBefore = -Infinity
  #tokens = 1
  #tokensAt = -Infinity
  #usualMs: number | null = null
  #presentMs = 0

  /** How many attempts may be in flight. */
  concurrency(nowMs: number): number {
    if (this.#window < this.#cap) this.#recover(nowMs)
    return Math.max(1, Math.floor(this.#window))
  }

  /** Nothing goes before it. */
  get notBefore(): number {
    return this.#notBefore
  }

  /** As a person set it; null is no limit. */
  get ratePerSecond(): number | null {
    return this.#ratePerSecond
  }

  /** When the next attempt may start, as far as time decides. */
  opensAt(nowMs: number): number {
    if (this.#ratePerSecond === null) return this.#notBefore
    this.#refill(nowMs, this.#ratePerSecond)
    const missing = Math.max(0, 1 - this.#tokens)
    return Math.max(this.#notBefore, nowMs + (missing / this.#ratePerSecond) * 1_000)
  }

  /** An attempt starts. */
  begin(): void {
    if (this.#ratePerSecond !== null) this.#tokens--
  }

  end(sign: LoadSign, startedAtMs: number, nowMs: number): void {
    if (sign === 'overloaded') this.#decrease(0.5, 1, startedAtMs, nowMs)
    if (sign === 'timed_out') this.#decrease(0.5, limits.laneConcurrencySlow, startedAtMs, nowMs)
    if (sign !== 'answered') return
    if (this.#isSlow(nowMs - startedAtMs)) {
      this.#decrease(0.8, limits.laneConcurrencySlow, startedAtMs, nowMs)
    } else if (this.#window < this.#cap) {
      this.#grow(this.#window < this.#threshold ? 1 : 1 / this.#window, nowMs)
    }
  }

  /** The destination asked for it. */
  waitUntil(atMs: number, nowMs: number): void {
    if (atMs <= this.#notBefore) return
    this.#notBefore = atMs
    this.rampUp(nowMs)
  }

  /** Goes on at once. */
  lift(): void {
    this.#notBefore = -Infinity
  }

  /** Begins with one again. */
  rampUp(nowMs: number): void {
    if (this.#window > 1) this.#threshold = this.#window / 2
    this.#window = 1
    this.#changedAt = nowMs
  }

  configure(concurrency: number | null, ratePerSecond: number | null): void {
    const cap = concurrency ?? limits.laneConcurrency
    if (this.#window >= this.#cap || this.#window > cap) this.#window = cap
    this.#cap = cap
    if (ratePerSecond !== this.#ratePerSecond) this.#tokens = Math.min(this.#tokens, 1)
    this.#ratePerSecond = ratePerSecond
  }

  #decrease(factor: number, least: number, startedAtMs: number, nowMs: number): void {
    if (startedAtMs < this.#decreasedAt || this.#window <= least) return
    this.#window = Math.max(least, this.#window * factor)
    this.#threshold = 0
    this.#decreasedAt = nowMs
    this.#changedAt = nowMs
  }

  #grow(by: number, nowMs: number): void {
    this.#window = Math.min(this.#cap, this.#window + by)
    this.#changedAt = nowMs
  }

  #recover(nowMs: number): void {
    const periods = Math.floor((nowMs - Math.max(this.#changedAt, this.#notBefore)) / RECOVERY_MS)
    if (periods > 0) this.#grow(periods, nowMs)
  }

  #refill(nowMs: number, ratePerSecond: number): void {
    const most = Math.max(1, ratePerSecond * BURST_SECONDS)
    const earned = ((nowMs - this.#tokensAt) / 1_000) * ratePerSecond
    this.#tokens = Math.min(most, this.#tokens + earned)
    this.#tokensAt = nowMs
  }

  /** Learns what is usual: quickly downwards, slowly upwards, so that trouble does not become usual. */
  #isSlow(tookMs: number): boolean {
    if (this.#usualMs === null) {
      this.#usualMs = tookMs
      this.#presentMs = tookMs
      return false
    }
    this.#presentMs += (tookMs - this.#presentMs) * 0.1
    this.#usualMs += (tookMs - this.#usualMs) * (tookMs < this.#usualMs ? 0.1 : 0.001)
    const excessMs = this.#presentMs - this.#usualMs
    return excessMs > SLOW_MS && this.#presentMs > this.#usualMs * SLOW_RATIO
  }
}
