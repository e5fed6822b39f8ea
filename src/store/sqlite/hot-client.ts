/**
 * The caller's side of the writer thread: turns calls into jobs, sends all jobs of one turn of the
 * event loop as one message, and settles the promises with the answers. Any thread that holds a port
 * may have one; the delivery thread talks to the writer without passing through the main thread.
 *
 * Invariant: `admit` is refused past `limits.admitQueue*`; facts about what was admitted never are.
 * Invariant: when the writer is gone every promise rejects with `store_unavailable`, none hangs.
 */
import type { MessagePort } from 'node:worker_threads'
import { type Clock, systemClock } from '../../clock.ts'
import { AppError } from '../../errors.ts'
import type { DeliveryTask, NewDelivery, Settlement } from '../../model/delivery.ts'
import type { DestinationSettings } from '../../model/destination.ts'
import type { NewEvent, QueuedEvent } from '../../model/event.ts'
import { limits } from '../../model/limits.ts'
import type { LogEntry } from '../../model/run.ts'
import type {
  AdoptEventLimits,
  AdoptLimits,
  Admitted,
  Finished,
  FinishedRun,
  HotStore,
} from '../store.ts'
import { fromWire } from './store-errors.ts'
import {
  ByteWriter,
  deliveryRow,
  eventRow,
  lateRow,
  leaseRow,
  runRow,
  settlementRow,
} from './wire.ts'
import type { Answer, Job } from './wire.ts'

type Waiting = { resolve(value: unknown): void; reject(error: Error): void }

/** Speaks to the store whose `connect()` made the port. Idle, it does not keep its thread alive. */
export function connectStore(port: MessagePort, clock: Clock = systemClock): HotStore {
  return new HotClient({ clock }, port)
}

export class HotClient implements HotStore {
  readonly #clock: Clock
  readonly #port: MessagePort
  readonly #waiting = new Map<number, Waiting>()
  readonly #bytes = new ByteWriter()
  #jobs: Job[] = []
  #lastId = 0
  #admitting = { events: 0, bytes: 0 }
  #gone: Error | undefined

  constructor(deps: { clock: Clock }, port: MessagePort) {
    this.#clock = deps.clock
    this.#port = port
    port.on('message', (answers: readonly Answer[]) => this.#settle(answers))
    port.on('close', () => this.fail(new AppError('store_unavailable', { reason: 'it is closed' })))
    port.unref()
  }

  async admit(events: readonly NewEvent[]): Promise<readonly Admitted[]> {
    const size = events.reduce((sum, event) => sum + event.request.body.byteLength, 0)
    this.#takePlaces(events.length, size)
    try {
      const at = this.#clock.nowMs()
      const answers = (await this.#call((id) => [
        'admit',
        id,
        at,
        events.map((event) => eventRow(event, this.#bytes)),
      ])) as (Admitted | null)[]
      return answers.map((answer, i) => answer ?? { kind: 'created', id: events[i]!.id })
    } finally {
      this.#admitting.events -= events.length
      this.#admitting.bytes -= size
    }
  }

  async finish(run: FinishedRun, deliveries: readonly NewDelivery[]): Promise<Finished> {
    const at = this.#clock.nowMs()
    const created = await this.#call((id) => [
      'finish',
      id,
      at,
      runRow(run),
      deliveries.map((delivery) => deliveryRow(delivery, this.#bytes)),
    ])
    return { created: created as boolean }
  }

  async settle(settlements: readonly Settlement[]): Promise<void> {
    await this.#call((id) => [
      'settle',
      id,
      settlements.map((settlement) => settlementRow(settlement, this.#bytes)),
    ])
  }

  async adoptEvents(taken: AdoptEventLimits): Promise<readonly QueuedEvent[]> {
    return (await this.#call((id) => ['adoptEvents', id, taken])) as QueuedEvent[]
  }

  async adoptDeliveries(taken: AdoptLimits): Promise<readonly DeliveryTask[]> {
    const at = this.#clock.nowMs()
    return (await this.#call((id) => ['adoptDeliveries', id, at, taken])) as DeliveryTask[]
  }

  async giveBack(tasks: readonly DeliveryTask[]): Promise<void> {
    await this.#call((id) => ['giveBack', id, tasks.map(leaseRow)])
  }

  async syncDestinations(): Promise<readonly DestinationSettings[]> {
    return (await this.#call((id) => ['syncDestinations', id])) as DestinationSettings[]
  }

  async appendLate(
    accountId: number,
    eventId: string,
    step: string,
    entry: LogEntry,
  ): Promise<void> {
    await this.#call((id) => ['appendLate', id, lateRow(accountId, eventId, step, entry)])
  }

  async check(): Promise<void> {
    const at = this.#clock.nowMs()
    await this.#call((id) => ['check', id, at])
  }

  /** Runs one of the writer's definition verbs. */
  define(verb: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#call((id) => ['define', id, verb, JSON.stringify(args)])
  }

  /** Resolves when every call made so far has its answer. */
  async drain(): Promise<void> {
    while (this.#waiting.size > 0) await this.#call((id) => ['settle', id, []])
  }

  /** Rejects what waits and whatever is asked from now on. */
  fail(error: Error): void {
    this.#gone ??= error
    for (const waiting of this.#waiting.values()) waiting.reject(this.#gone)
    this.#waiting.clear()
    this.#port.close()
  }

  #takePlaces(events: number, bytes: number): void {
    const full =
      this.#admitting.events + events > limits.admitQueueEvents ||
      this.#admitting.bytes + bytes > limits.admitQueueBytes
    if (full) throw new AppError('overloaded', { what: "the store's queue" })
    this.#admitting.events += events
    this.#admitting.bytes += bytes
  }

  async #call(encode: (id: number) => Job): Promise<unknown> {
    if (this.#gone) throw this.#gone
    const id = ++this.#lastId
    const job = this.#bytes.together(() => encode(id))
    if (this.#jobs.push(job) === 1) setImmediate(() => this.#send())
    if (this.#waiting.size === 0) this.#port.ref()
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  #send(): void {
    const jobs = this.#jobs
    const bytes = this.#bytes.take()
    this.#jobs = []
    this.#port.postMessage({ jobs, bytes }, [bytes.buffer as ArrayBuffer])
  }

  #settle(answers: readonly Answer[]): void {
    for (const [id, error, value] of answers) {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error) waiting?.reject(fromWire(error))
      else waiting?.resolve(value)
    }
    if (this.#waiting.size === 0) this.#port.unref()
  }
}
