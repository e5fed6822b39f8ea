/**
 * Counts the places that deliveries take in memory, per lane and over all, so that "is there room?" can
 * be answered before the commit and without waiting.
 *
 * Fair by one rule: a lane may hold as much as an eighth of what is still free, never more than its own
 * capacity, and of the last quarter only a few places. So the lanes that pile up while more than a
 * thousand destinations hang leave room for the next one.
 */
import { limits } from '../model/limits.ts'

const SHARE = 8
const LAST = limits.deliveriesInMemory / 4
const FEW = 4

type Held = { count: number; bytes: number }

export class Places {
  readonly #lanes = new Map<string, Held>()
  readonly #closed = new Set<string>()
  #count = 0
  #bytes = 0

  get count(): number {
    return this.#count
  }

  /** How many places one lane may hold at present. */
  get laneLimit(): number {
    const free = limits.deliveriesInMemory - this.#count
    const fair = Math.max(Math.ceil((free - LAST) / SHARE), Math.min(FEW, free))
    return Math.min(limits.laneCapacity, fair)
  }

  held(lane: string): number {
    return this.#lanes.get(lane)?.count ?? 0
  }

  /** The lanes that hold more than `count` places. */
  above(count: number): readonly string[] {
    return [...this.#lanes].filter(([, held]) => held.count > count).map(([lane]) => lane)
  }

  /** Lanes that take nothing for now, whatever room there is. */
  get closed(): ReadonlySet<string> {
    return this.#closed
  }

  setClosed(lane: string, isClosed: boolean): void {
    if (isClosed) this.#closed.add(lane)
    else this.#closed.delete(lane)
  }

  hasRoom(lane: string): boolean {
    if (this.#closed.has(lane)) return false
    const held = this.#lanes.get(lane)
    const freeBytes = limits.deliveryBytesInMemory - this.#bytes
    if (!held) return this.#lanes.size < limits.lanes && this.laneLimit > 0 && freeBytes > 0
    return held.count < this.laneLimit && held.bytes < freeBytes / SHARE
  }

  /** Takes (or with negative numbers gives back) places and bytes, whether there is room or not. */
  take(lane: string, count: number, bytes: number): void {
    const held = this.#lanes.get(lane) ?? { count: 0, bytes: 0 }
    held.count += count
    held.bytes += bytes
    this.#count += count
    this.#bytes += bytes
    if (held.count === 0) this.#lanes.delete(lane)
    else this.#lanes.set(lane, held)
  }
}
