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
  readonly #capacities = new Map<string, number>()
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

  /** Lanes that take less than others, whatever room there is, and how much. */
  get capacities(): ReadonlyMap<string, number> {
    return this.#capacities
  }

  capacityOf(lane: string): number {
    return this.#capacities.get(lane) ?? limits.laneCapacity
  }

  setCapacity(lane: string, capacity: number): void {
    if (capacity < limits.laneCapacity) this.#capacities.set(lane, capacity)
    else this.#capacities.delete(lane)
  }

  /** How many more of the lanes that take less than others may come. */
  get rooms(): Readonly<Record<string, number>> {
    const rooms = [...this.#capacities].map(
      ([lane, capacity]) => [lane, Math.max(0, capacity - this.held(lane))] as const,
    )
    return Object.fromEntries(rooms)
  }

  /** So few that more should be taken in. */
  isNearlyEmpty(lane: string): boolean {
    return this.held(lane) <= Math.min(this.laneLimit, this.capacityOf(lane)) / 4
  }

  hasRoom(lane: string): boolean {
    const held = this.#lanes.get(lane)
    const freeBytes = limits.deliveryBytesInMemory - this.#bytes
    const limit = Math.min(this.laneLimit, this.capacityOf(lane))
    if (!held) return this.#lanes.size < limits.lanes && limit > 0 && freeBytes > 0
    return held.count < limit && held.bytes < freeBytes / SHARE
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
