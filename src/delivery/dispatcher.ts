/**
 * Decides when deliveries are attempted, not how: tasks come from execution (`offer`) or, where they
 * did not fit, from the store; each goes into the lane of its destination, gets its attempt when a
 * socket is free, and ends in a settlement.
 *
 *   reserve ─► offer ──┐
 *                      ├─► lane ─► attempt ─► settle ─► place free ─► adopt what the store still holds
 *   store.adopt ───────┘
 *
 * Fair by one rule, for places as for sockets: a lane gets at most an eighth of what is still free (and
 * at most 32 sockets). Nobody can know at first which destination hangs, so lanes whose last attempt got
 * no answer get more than one socket each only out of the first quarter, and none of the last eighth:
 * a thousand destinations that hang leave sockets for those that answer, and for new ones.
 *
 * Invariant: a task that was offered is settled, or still on record as begun when the process ends, and
 * then shown as `interrupted` by the next.
 */
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
import { Lane } from './lane.ts'
import { Places } from './places.ts'
import { Settler } from './settler.ts'

const POLL_MS = 1_000
/** Then a lane without work is forgotten; its sockets are closed well before. */
const IDLE_MS = 10_000
const ADOPT_COUNT = 1_000
const SHARE = 8
/** Of all sockets, the part in which lanes that have not answered yet get one each and no more. */
const FIRSTS = 3 / 4
/** Lanes that may be passed over before a free socket is left free: bounds the work per attempt. */
const LOOKS = 64

export type DispatcherDeps = AttemptDeps & {
  readonly store: Pick<HotStore, 'settle' | 'adoptDeliveries' | 'syncDestinations'>
  readonly notify: (hint: Hint) => void
  readonly metrics: Pick<Metrics, 'attemptEnded'>
  /** A settlement that the store refused for good. */
  readonly onFailure: (settlement: Settlement, error: unknown) => void
  /** Told of every place taken or given back other than by `reserve` and `release`. */
  readonly onPlaces?: (lane: string, count: number, bytes: number) => void
  readonly drainMs?: number
}

export class Dispatcher implements HandOver, Service {
  readonly #deps: DispatcherDeps
  readonly #settler: Settler
  readonly #places = new Places()
  readonly #lanes = new Map<string, Lane>()
  /** Lanes with something to start, in the order of their turns. */
  readonly #turns = new Set<Lane>()
  /** Lanes of which the store may hold more. */
  readonly #overflowed = new Set<string>()
  readonly #running = new Set<Promise<void>>()
  #poll: NodeJS.Timeout | undefined
  #adopting: Promise<void> | undefined
  #isStopping = false
  #isAbandoned = false

  constructor(deps: DispatcherDeps) {
    this.#deps = deps
    this.#settler = new Settler(deps)
  }

  async start(): Promise<void> {
    this.#poll = setInterval(() => {
      this.wake()
      this.#sweep()
    }, POLL_MS)
    this.wake()
  }

  /** Lets attempts end within a bound; what has not is left to recovery at the next start. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#poll)
    let timer: NodeJS.Timeout | undefined
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#deps.drainMs ?? limits.drainDeliveriesMs)
    })
    await Promise.race([this.#drained(), bound])
    clearTimeout(timer)
    this.#isAbandoned = true
    this.#settler.stop()
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
    this.#adopting ??= this.#adopt().finally(() => (this.#adopting = undefined))
  }

  /** Ends what a lane waits for. */
  lift(_lane: string): void {}

  async syncDestinations(): Promise<void> {
    await this.#deps.store.syncDestinations()
  }

  activity(lanes: readonly string[]): readonly (DestinationActivity | null)[] {
    return lanes.map(() => null)
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
      lane = new Lane(this.#deps, key, task.origin)
      this.#lanes.set(key, lane)
    }
    lane.push(task)
    this.#refill(lane)
  }

  /** Gives the lane the sockets it may have; if it could use more, it waits for its turn. */
  #refill(lane: Lane): void {
    while (lane.isReady && this.#startOne(lane));
    if (lane.isReady) this.#turns.add(lane)
  }

  /** Gives free sockets to the lanes that wait, one each in turn. */
  #start(): void {
    let passed = 0
    for (const lane of this.#turns) {
      this.#turns.delete(lane)
      passed = this.#startOne(lane) ? 0 : passed + 1
      if (lane.isReady) this.#turns.add(lane)
      if (passed > Math.min(LOOKS, this.#turns.size)) return
    }
  }

  /** Starts the lane's next task if there is a socket for it; the lane has one waiting. */
  #startOne(lane: Lane): boolean {
    if (this.#isAbandoned || lane.inFlight >= this.#socketsFor(lane)) return false
    this.#launch(lane, lane.shift()!)
    return true
  }

  #socketsFor(lane: Lane): number {
    const all = limits.deliveryConcurrency
    const free = all - this.#running.size
    if (lane.isProven) return free / SHARE
    return lane.inFlight === 0 ? free - all / SHARE : (free - all * FIRSTS) / SHARE
  }

  #launch(lane: Lane, task: DeliveryTask): void {
    lane.inFlight++
    const running = this.#see(lane, task).then(() => {
      lane.inFlight--
      this.#running.delete(running)
      this.#turns.delete(lane)
      this.#refill(lane)
      this.#start()
    })
    this.#running.add(running)
  }

  /** Sees one task through; resolves when its sockets are free again. */
  async #see(lane: Lane, task: DeliveryTask): Promise<void> {
    const route = lane.route()
    const attempted = await attempt(this.#deps, task, route.connect)
    lane.isProven = attempted.attempt.response !== null
    if (!this.#isAbandoned) this.#settle(lane, task, attempted)
    await route.end()
  }

  #settle(lane: Lane, task: DeliveryTask, attempted: Attempted): void {
    const { accountId, eventId, workflowId, id: deliveryId, send } = task
    const { outcome, code, timings } = attempted.attempt
    this.#deps.metrics.attemptEnded(outcome, code, timings!.totalMs)
    const next = afterAttempt(task, attempted, this.#deps.clock.nowMs())
    const identity = { accountId, eventId, step: send.step, index: send.index }
    this.#settler.add({ ...identity, attempt: attempted.attempt, ...next }, () => {
      this.#free(lane.key, task)
      this.#deps.notify({ kind: 'delivery', accountId, workflowId, eventId, deliveryId })
    })
  }

  #free(lane: string, task: DeliveryTask): void {
    this.#places.take(lane, -1, -bytesOf(task))
    this.#deps.onPlaces?.(lane, -1, -bytesOf(task))
    const isNearlyEmpty = this.#places.held(lane) <= this.#places.laneLimit / 4
    if (isNearlyEmpty && this.#overflowed.has(lane)) this.wake()
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
      })
      .catch((): readonly DeliveryTask[] => []) // the store is away: the poll asks again
    for (const task of tasks) {
      const lane = laneKey(task.accountId, task.origin)
      this.#overflowed.add(lane)
      this.#deps.onPlaces?.(lane, 1, bytesOf(task))
    }
    this.take(tasks)
  }

  async #drained(): Promise<void> {
    await this.#adopting
    while (this.#running.size > 0) await Promise.all(this.#running)
    await this.#settler.flush()
  }

  #sweep(): void {
    const before = this.#deps.clock.monotonicMs() - IDLE_MS
    for (const [key, lane] of this.#lanes) {
      if (!lane.isIdle || lane.idleSince > before) continue
      lane.close()
      this.#lanes.delete(key)
    }
  }
}

const bytesOf = (task: DeliveryTask): number => task.send.body?.length ?? 0
