/**
 * Who gets the next socket. Fair by one rule: a lane gets at most an eighth of what is still free (and
 * what its destination takes). Nobody can know at first which destination hangs, so lanes whose last
 * attempt got no answer get more than one socket each only out of the first quarter, and none of the last
 * eighth: a thousand destinations that hang leave sockets for those that answer, and for new ones.
 *
 * A lane that waits for time only, because of its rate or a Retry-After, is looked at again when that is over.
 */
import type { Clock } from '../clock.ts'
import { limits } from '../model/limits.ts'
import type { Lane } from './lane.ts'

const SHARE = 8
/** Of all sockets, the part in which lanes that have not answered yet get one each and no more. */
const FIRSTS = 3 / 4
/** Lanes that may be passed over before a free socket is left free: bounds the work per attempt. */
const LOOKS = 64
/** The longest time that a timer of the platform takes. */
const TIMER_MS_MAX = 2 ** 31 - 1

type Deps = {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Starts the lane's next task, which gives its socket back with `release`. */
  readonly launch: (lane: Lane) => void
}

export class Turns {
  readonly #deps: Deps
  /** Lanes with something to start, in the order of their turns. */
  readonly #waiting = new Set<Lane>()
  readonly #timers = new Map<Lane, NodeJS.Timeout>()
  #inUse = 0
  #isOver = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Gives the lane the sockets it may have; if it could use more, it waits for its turn. */
  refill(lane: Lane): void {
    while (this.#startOrLine(lane));
  }

  release(lane: Lane): void {
    this.#inUse--
    lane.inFlight--
    this.#waiting.delete(lane)
    this.refill(lane)
    this.#next()
  }

  /** Starts nothing more. */
  stop(): void {
    this.#isOver = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  /** Gives free sockets to the lanes that wait, one each in turn. */
  #next(): void {
    let passed = 0
    for (const lane of this.#waiting) {
      this.#waiting.delete(lane)
      const isStarted = this.#startOrLine(lane)
      if (isStarted) this.#line(lane, lane.isReady)
      passed = isStarted ? 0 : passed + 1
      if (passed > Math.min(LOOKS, this.#waiting.size)) return
    }
  }

  /**
   * Starts the lane's next task, or puts it in line. By one look: its time may come between two, and a
   * lane that is in line as ready without having been tried is tried again only when a socket comes free.
   */
  #startOrLine(lane: Lane): boolean {
    const { isReady } = lane
    if (isReady && this.#startOne(lane)) return true
    this.#line(lane, isReady)
    return false
  }

  /** Puts the lane in line for a socket, or for the time when it may use one. */
  #line(lane: Lane, isReady: boolean): void {
    if (isReady) return void this.#waiting.add(lane)
    const { opensAt } = lane
    if (opensAt !== null && !this.#isOver) this.#wait(lane, opensAt)
  }

  #wait(lane: Lane, opensAt: number): void {
    clearTimeout(this.#timers.get(lane))
    const ms = Math.min(
      Math.max(1, Math.ceil(opensAt - this.#deps.clock.monotonicMs())),
      TIMER_MS_MAX,
    )
    const timer = setTimeout(() => {
      this.#timers.delete(lane)
      this.refill(lane)
    }, ms)
    this.#timers.set(lane, timer)
  }

  /** Starts the lane's next task if there is a socket for it; the lane has one waiting. */
  #startOne(lane: Lane): boolean {
    if (this.#isOver || lane.inFlight >= this.#socketsFor(lane)) return false
    this.#inUse++
    lane.inFlight++
    this.#deps.launch(lane)
    return true
  }

  #socketsFor(lane: Lane): number {
    const all = limits.deliveryConcurrency
    const free = all - this.#inUse
    if (lane.isProven) return free / SHARE
    return lane.inFlight === 0 ? free - all / SHARE : (free - all * FIRSTS) / SHARE
  }
}
