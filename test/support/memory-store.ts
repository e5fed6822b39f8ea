/** A store for the delivery engine alone: settles at once, keeps what was settled, adopts what it is given. */
import { laneKey } from '../../src/model/destination.ts'
import type { DestinationSettings } from '../../src/model/destination.ts'
import type { DeliveryTask, Settlement } from '../../src/model/delivery.ts'
import type { AdoptLimits, HotStore } from '../../src/store/store.ts'

export class MemoryStore implements Pick<
  HotStore,
  'settle' | 'adoptDeliveries' | 'giveBack' | 'syncDestinations'
> {
  readonly settled: Settlement[] = []
  /** What `adoptDeliveries` hands out, as the real store would: within its limits, oldest first. */
  waiting: DeliveryTask[] = []
  readonly adoptions: AdoptLimits[] = []
  settings: DestinationSettings[] = []
  /** Replaced to make the store refuse. */
  onSettle: (settlements: readonly Settlement[]) => Promise<void> = async () => undefined
  #waiters = new Set<() => void>()

  async settle(settlements: readonly Settlement[]): Promise<void> {
    await this.onSettle(settlements)
    this.settled.push(...settlements)
    for (const check of this.#waiters) check()
  }

  async adoptDeliveries(limits: AdoptLimits): Promise<readonly DeliveryTask[]> {
    this.adoptions.push(limits)
    const excepted = new Set(limits.exceptLanes)
    const perLane = new Map<string, number>()
    const isTaken = (task: DeliveryTask): boolean => {
      const lane = laneKey(task.accountId, task.origin)
      const count = perLane.get(lane) ?? 0
      const most = task.attempt > 1 ? limits.retries?.[lane] : undefined
      if (taken.length === limits.count || excepted.has(lane)) return false
      const room = Math.min(limits.perLane, limits.rooms?.[lane] ?? Infinity, most ?? Infinity)
      if (count >= room) return false
      perLane.set(lane, count + 1)
      taken.push(task)
      return true
    }
    const taken: DeliveryTask[] = []
    this.waiting = this.waiting.filter((task) => !isTaken(task))
    return taken
  }

  async giveBack(tasks: readonly DeliveryTask[]): Promise<void> {
    this.waiting.push(...tasks)
  }

  async syncDestinations(): Promise<readonly DestinationSettings[]> {
    return this.settings
  }

  /** Waits until at least `count` settlements that match are durable. */
  async settledAtLeast(
    count: number,
    matches: (settlement: Settlement) => boolean = () => true,
    withinMs = 30_000,
  ): Promise<readonly Settlement[]> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const found = () => this.settled.filter(matches)
    const check = () => void (found().length >= count && resolve())
    const timer = setTimeout(
      () => reject(new Error(`${found().length} of ${count} deliveries were settled`)),
      withinMs,
    )
    this.#waiters.add(check)
    check()
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#waiters.delete(check)
    }
    return found()
  }
}
