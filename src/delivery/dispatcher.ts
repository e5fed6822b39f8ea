/**
 * Decides when deliveries are attempted, not how: tasks come from execution (`offer`) or, where they
 * did not fit, from the store; each goes into the lane of its destination, gets its attempt when a
 * socket is free and the destination may have it, and ends in a settlement.
 *
 *   reserve ─► offer ──┐
 *                      ├─► lane ─► attempt ─► settle ─► place free ─► adopt what the store still holds
 *   store.adopt ───────┘    └─► given back to the store, where its destination takes nothing for a while
 *
 * Who gets the next socket is turns.ts; who gets a place in memory places.ts; what a destination takes,
 * and when, destination.ts.
 *
 * Invariant: a task that was offered is settled, or given back, or still on record as begun when the
 * process ends, and then shown as `interrupted` by the next.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../errors.ts'
import type { HandOver } from '../hand-over.ts'
import type { DeliveryTask, Settlement } from '../model/delivery.ts'
import { laneKey } from '../model/destination.ts'
import type { DestinationActivity } from '../model/destination.ts'
import { limits } from '../model/limits.ts'
import type { Hint } from '../notifier/notifier.ts'
import type { Service } from '../service.ts'
import type { HotStore } from '../store/store.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { afterAttempt } from './after-attempt.ts'
import { attempt } from './attempt.ts'
import type { AttemptDeps, Attempted } from './attempt.ts'
import { Batches } from './batches.ts'
import type { Destination } from './destination.ts'
import { Destinations } from './destinations.ts'
import { Lane } from './lane.ts'
import { Places } from './places.ts'
import { Turns } from './turns.ts'

const POLL_MS = 1_000
/** Then a lane without work is forgotten; its sockets are closed well before. */
const IDLE_MS = 10_000
const ADOPT_COUNT = 1_000
/** For giving back what was not begun when the server stops: some commits. */
const GIVE_BACK_MS = 500

export type DispatcherDeps = AttemptDeps & {
  readonly store: Pick<HotStore, 'settle' | 'adoptDeliveries' | 'giveBack' | 'syncDestinations'>
  readonly notify: (hint: Hint) => void
  readonly metrics: Pick<Metrics, 'attemptEnded'>
  /** A settlement that the store refused for good. */
  readonly onFailure: (settlement: Settlement, error: unknown) => void
  /** What the store refuses although it is there, again and again: what waits on it stands still. */
  readonly onFault: (doing: string, error: unknown) => void
  /** Told of every place taken or given back other than by `reserve` and `release`. */
  readonly onPlaces?: (lane: string, count: number, bytes: number) => void
  /** Told of lanes that take less than others, or nothing, and of those that do no more. */
  readonly onCapacity?: (lane: string, capacity: number) => void
  readonly drainMs?: number
}

export class Dispatcher implements HandOver, Service {
  readonly #deps: DispatcherDeps
  readonly #settlements: Batches<Settlement>
  readonly #returns: Batches<DeliveryTask>
  readonly #places = new Places()
  readonly #destinations: Destinations
  readonly #turns: Turns
  readonly #lanes = new Map<string, Lane>()
  /** Lanes of which the store may hold more. */
  readonly #overflowed = new Set<string>()
  readonly #running = new Set<Promise<void>>()
  #poll: NodeJS.Timeout | undefined
  #adopting: Promise<void> | undefined
  /** Since the store was last asked: its answer may not know of what there is now. */
  #isWokenAgain = false
  #looking: Promise<void> | undefined
  #isStopping = false
  #isAbandoned = false

  constructor(deps: DispatcherDeps) {
    const { clock, store, onFailure } = deps
    this.#deps = deps
    this.#destinations = new Destinations({ clock })
    this.#turns = new Turns({ clock, launch: (lane) => this.#launch(lane) })
    this.#settlements = new Batches({ write: (batch) => store.settle(batch), onFailure })
    // What cannot be given back stays on record as begun.
    this.#returns = new Batches({
      write: (batch) => store.giveBack(batch),
      onFailure: (_, error) => this.#tell('give back deliveries', error),
    })
  }

  async start(): Promise<void> {
    await this.#look()
    this.#poll = setInterval(() => {
      void this.#look()
      this.#sweep()
    }, POLL_MS)
  }

  /** Lets attempts end within a bound; what has not is left to recovery at the next start. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#poll)
    await within(this.#drained(), this.#deps.drainMs ?? limits.drainDeliveriesMs)
    this.#turns.stop()
    for (const lane of this.#lanes.values()) this.#giveBack(lane.key, lane.empty())
    await within(this.#returns.flush(), GIVE_BACK_MS)
    this.#isAbandoned = true
    this.#settlements.stop()
    this.#returns.stop()
    for (const lane of this.#lanes.values()) lane.close()
  }

  reserve(accountId: number, origins: readonly string[]): readonly boolean[] {
    return origins.map((origin) => {
      const lane = laneKey(accountId, origin)
      const fits = !this.#isStopping && this.#places.hasRoom(lane)
      if (fits) this.#places.take(lane, 1, 0)
      else this.#overflowed.add(lane)
      return fits
    })
  }

  offer(tasks: readonly DeliveryTask[]): void {
    for (const task of tasks) {
      const key = laneKey(task.accountId, task.origin)
      this.#places.take(key, 0, bytesOf(task))
      this.#enqueue(key, task)
    }
  }

  release(accountId: number, origins: readonly string[]): void {
    for (const origin of origins) this.#places.take(laneKey(accountId, origin), -1, 0)
  }

  /** Something may be waiting in the store. */
  wake(): void {
    if (this.#isStopping) return
    if (this.#adopting) this.#isWokenAgain = true
    else this.#adopting = this.#adoptWhileWoken()
  }

  /** Ends what a lane waits for: a Retry-After, or its breaker. */
  lift(key: string): void {
    const destination = this.#destinations.find(key)
    if (!destination) return
    destination.lift()
    this.#review(destination)
  }

  /** Lets one retry go, whatever the breaker says. */
  probe(key: string): void {
    this.#destinations.find(key)?.breaker.probe(this.#deps.clock.monotonicMs())
    this.wake()
  }

  /** Reads what is decided about destinations; resolves when it is in force. */
  async syncDestinations(): Promise<void> {
    const settings = await this.#deps.store.syncDestinations()
    for (const destination of this.#destinations.configure(settings)) {
      this.#review(destination)
      // What waits for an attempt to end, or for a time, may not have to any more.
      const lane = this.#lanes.get(destination.key)
      if (lane) this.#turns.refill(lane)
    }
    // What waited here for a paused one is pending now, and to be held.
    await this.#returns.flush()
    if (settings.some(({ paused }) => paused)) await this.#deps.store.syncDestinations()
  }

  /** Per lane; null where there has been nothing to do lately. */
  activity(keys: readonly string[]): readonly (DestinationActivity | null)[] {
    return keys.map((key) => {
      const lane = this.#lanes.get(key)
      const destination = this.#destinations.find(key)
      return destination?.activity(lane?.inFlight ?? 0, lane?.waiting ?? 0) ?? null
    })
  }

  /** Puts one that waits here back into the store, as pending; false where it does not wait here. */
  async withdraw(key: string, deliveryId: string): Promise<boolean> {
    const task = this.#lanes.get(key)?.takeOutOne(deliveryId)
    if (!task) return false
    this.#giveBack(key, [task])
    await this.#returns.flush()
    return true
  }

  /** Told of lanes that had no room: the store will hold deliveries for them. */
  expectMore(lanes: readonly string[]): void {
    for (const lane of lanes) this.#overflowed.add(lane)
  }

  /** Takes tasks for which there is no reservation here. */
  take(tasks: readonly DeliveryTask[]): void {
    for (const task of tasks) {
      const key = laneKey(task.accountId, task.origin)
      this.#places.take(key, 1, bytesOf(task))
      this.#enqueue(key, task)
    }
  }

  #enqueue(key: string, task: DeliveryTask): void {
    let lane = this.#lanes.get(key)
    if (!lane) {
      const destination = this.#destinations.of(key, task.origin)
      lane = new Lane(this.#deps, key, task.origin, destination)
      this.#lanes.set(key, lane)
    }
    lane.push(task)
    this.#giveBack(key, lane.takeOut())
    this.#turns.refill(lane)
  }

  #launch(lane: Lane): void {
    const running = this.#see(lane, lane.begin()).then(() => {
      this.#running.delete(running)
      this.#turns.release(lane)
    })
    this.#running.add(running)
  }

  /** Sees one task through; resolves when its sockets are free again. */
  async #see(lane: Lane, task: DeliveryTask): Promise<void> {
    const route = lane.route()
    const attempted = await attempt(this.#deps, task, route.connect)
    lane.end(task, attempted)
    if (!this.#isAbandoned) this.#settle(lane, task, attempted)
    this.#review(lane.destination)
    await route.end()
  }

  #settle(lane: Lane, task: DeliveryTask, attempted: Attempted): void {
    const { accountId, eventId, send } = task
    const { outcome, code, timings } = attempted.attempt
    this.#deps.metrics.attemptEnded(outcome, code, timings!.totalMs)
    const next = afterAttempt(this.#deps.clock, task, attempted)
    const identity = { accountId, eventId, step: send.step, index: send.index }
    this.#settlements.add({ ...identity, attempt: attempted.attempt, ...next }, () => {
      this.#free(lane.key, task)
      if (next.dueAt !== null) this.#wakeAt(next.dueAt)
    })
  }

  /** For a retry that is due before the poll would find it. */
  #wakeAt(dueAt: number): void {
    const ms = dueAt - this.#deps.clock.nowMs()
    if (ms < POLL_MS) setTimeout(() => this.wake(), Math.max(1, ms + 1)).unref()
  }

  /** Brings the lane in line with what its destination takes. */
  #review(destination: Destination): void {
    const { key, capacity } = destination
    const lane = this.#lanes.get(key)
    const before = this.#places.capacityOf(key)
    const hasEased = this.#destinations.note(destination) === 'eased'
    if (lane) this.#giveBack(key, lane.takeOut())
    if (capacity !== before) {
      this.#places.setCapacity(key, capacity)
      this.#deps.onCapacity?.(key, capacity)
    }
    if (!hasEased && capacity <= before) return
    this.#overflowed.add(key)
    if (lane) this.#turns.refill(lane)
    this.wake()
  }

  #giveBack(lane: string, tasks: readonly DeliveryTask[]): void {
    for (const task of tasks) this.#returns.add(task, () => this.#free(lane, task))
  }

  /** The task is not here any more. */
  #free(lane: string, task: DeliveryTask): void {
    const { accountId, workflowId, eventId, id: deliveryId } = task
    this.#places.take(lane, -1, -bytesOf(task))
    this.#deps.onPlaces?.(lane, -1, -bytesOf(task))
    this.#deps.notify({ kind: 'delivery', accountId, workflowId, eventId, deliveryId })
    if (this.#places.isNearlyEmpty(lane) && this.#overflowed.has(lane)) this.wake()
  }

  /** Looks at what may have changed without a hint. */
  #look(): Promise<void> {
    return (this.#looking ??= this.#lookNow().finally(() => (this.#looking = undefined)))
  }

  async #lookNow(): Promise<void> {
    await this.syncDestinations().catch((error: unknown) => this.#tell('read destinations', error))
    for (const key of this.#places.capacities.keys()) this.#review(this.#destinations.find(key)!)
    this.wake()
  }

  async #adoptWhileWoken(): Promise<void> {
    do {
      this.#isWokenAgain = false
      await this.#adopt()
    } while (this.#isWokenAgain && !this.#isStopping)
    this.#adopting = undefined
  }

  /** Takes out of the store what there is room for. */
  async #adopt(): Promise<void> {
    const share = Math.floor(this.#places.laneLimit / 2)
    if (share === 0) return
    const full = this.#places.above(share)
    this.#overflowed.clear()
    for (const lane of full) this.#overflowed.add(lane)
    const tasks = await this.#deps.store
      .adoptDeliveries({
        count: ADOPT_COUNT,
        exceptLanes: full,
        perLane: share,
        rooms: this.#places.rooms,
        retries: this.#destinations.retryLimits(),
      })
      .catch((error: unknown): readonly DeliveryTask[] => {
        this.#tell('adopt deliveries', error)
        return []
      })
    for (const task of tasks) {
      const lane = laneKey(task.accountId, task.origin)
      this.#overflowed.add(lane)
      this.#deps.onPlaces?.(lane, 1, bytesOf(task))
    }
    this.take(tasks)
  }

  /** While the store is away the next poll asks again; of anything else somebody must hear. */
  #tell(doing: string, error: unknown): void {
    const isAway = error instanceof AppError && error.code === 'store_unavailable'
    if (!isAway) this.#deps.onFault(doing, error)
  }

  async #drained(): Promise<void> {
    await this.#adopting
    while (this.#running.size > 0) await Promise.all(this.#running)
    await this.#settlements.flush()
  }

  #sweep(): void {
    const before = this.#deps.clock.monotonicMs() - IDLE_MS
    for (const [key, lane] of this.#lanes) {
      if (!lane.isIdle || lane.idleSince > before) continue
      lane.close()
      this.#lanes.delete(key)
    }
    this.#destinations.sweep((key) => this.#lanes.has(key) || this.#places.capacities.has(key))
  }
}

const bytesOf = ({ send, sealed }: DeliveryTask): number =>
  (send.body?.length ?? 0) + (sealed?.length ?? 0)

async function within(work: Promise<void>, ms: number): Promise<void> {
  const bound = new AbortController()
  const { signal } = bound
  await Promise.race([work, delay(ms, undefined, { signal }).catch(() => undefined)])
  bound.abort()
}
