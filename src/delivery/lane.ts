/**
 * The way to one destination for one account: what waits for it, in order, and its kept-alive
 * connections. First attempts go before retries. How many sockets there are for it is not its to say,
 * how many its destination takes, and when, is its destination's.
 */
import type { DeliveryTask } from '../model/delivery.ts'
import type { Attempted } from './attempt.ts'
import { Connection } from './connection.ts'
import type { ConnectionDeps } from './connection.ts'
import { Destination } from './destination.ts'

/**
 * Some servers close each connection after its answer without announcing it. A request that is written to
 * one in that moment is lost, and nobody can tell whether it was read. So the first connections of a lane
 * are used again only after so long, or not at all.
 */
const REST_MS = 25

export class Lane {
  readonly key: string
  readonly origin: string
  readonly destination: Destination
  inFlight = 0
  /** The last attempt got an answer: this destination does not hang. */
  isProven = false
  idleSince: number
  readonly #deps: ConnectionDeps
  readonly #first: DeliveryTask[] = []
  readonly #retries: DeliveryTask[] = []
  #retriesInFlight = 0
  /** Most recently used last, so that few connections stay warm and the others expire. */
  readonly #idle: Connection[] = []
  readonly #inUse = new Set<Connection>()
  /** Its destination leaves connections open. */
  #isKeptAlive = false

  constructor(
    deps: ConnectionDeps,
    key: string,
    origin: string,
    destination = new Destination(deps.clock, key, origin),
  ) {
    this.#deps = deps
    this.key = key
    this.destination = destination
    this.origin = new URL(origin).origin
    this.idleSince = deps.clock.monotonicMs()
  }

  /** Something waits that may go, and the destination takes one more, now. */
  get isReady(): boolean {
    if (this.waiting === 0) return false
    const now = this.#deps.clock.monotonicMs()
    const { pace } = this.destination
    return this.#mayUse(now) && pace.opensAt(now) <= now
  }

  /** When it will be ready without anything happening; null when something must. */
  get opensAt(): number | null {
    if (this.waiting === 0) return null
    const now = this.#deps.clock.monotonicMs()
    return this.#mayUse(now) ? this.destination.pace.opensAt(now) : null
  }

  get isIdle(): boolean {
    return this.inFlight === 0 && this.waiting === 0
  }

  get waiting(): number {
    return this.#first.length + this.#retries.length
  }

  push(task: DeliveryTask): void {
    if (task.attempt === 1) this.#first.push(task)
    else this.#retries.push(task)
  }

  /** The next one, which starts now. */
  begin(): DeliveryTask {
    const task = this.#first.shift() ?? this.#retries.shift()!
    if (task.attempt > 1) this.#retriesInFlight++
    this.destination.begin(task)
    return task
  }

  end(task: DeliveryTask, attempted: Attempted): void {
    if (task.attempt > 1) this.#retriesInFlight--
    this.isProven = attempted.attempt.response !== null
    this.destination.end(task, attempted)
  }

  /** Takes out what cannot go for a while: the retries that the breaker keeps, and what is too much. */
  takeOut(): readonly DeliveryTask[] {
    const { breaker, capacity } = this.destination
    const isOpen = breaker.state(this.#deps.clock.monotonicMs()) === 'open'
    const kept = isOpen ? this.#retries.splice(0) : []
    if (this.waiting <= capacity) return kept
    return [
      ...kept,
      ...this.#retries.splice(Math.max(0, capacity - this.#first.length)),
      ...this.#first.splice(capacity),
    ]
  }

  /** Takes out one that waits; undefined where it does not. */
  takeOutOne(deliveryId: string): DeliveryTask | undefined {
    for (const queue of [this.#first, this.#retries]) {
      const index = queue.findIndex(({ id }) => id === deliveryId)
      if (index !== -1) return queue.splice(index, 1)[0]
    }
    return undefined
  }

  /** Takes out everything. */
  empty(): readonly DeliveryTask[] {
    return [...this.#first.splice(0), ...this.#retries.splice(0)]
  }

  /** The connections that one attempt may use, to this lane's origin and by redirect to others. */
  route(): Route {
    let own: Connection | undefined
    const used: Connection[] = []
    return {
      connect: (origin) => {
        if (own?.isFit && this.#isKeptAlive && origin === this.origin) return own
        const connection =
          origin === this.origin ? this.#take() : new Connection(this.#deps, origin)
        if (origin === this.origin) own = connection
        used.push(connection)
        this.#inUse.add(connection)
        return connection
      },
      end: async () => {
        for (const connection of used) {
          if (connection.wasDropped) this.#isKeptAlive = false
          const isKept = connection === own && own.isFit && (await this.#staysOpen(own))
          this.#inUse.delete(connection)
          if (isKept) this.#idle.push(connection)
          else await connection.close()
        }
        this.idleSince = this.#deps.clock.monotonicMs()
      },
    }
  }

  /** Closes its connections, in use or not. */
  close(): void {
    for (const connection of [...this.#idle.splice(0), ...this.#inUse]) void connection.close()
  }

  #mayUse(now: number): boolean {
    const { pace, breaker } = this.destination
    if (this.inFlight >= pace.concurrency(now)) return false
    return this.#first.length > 0 || this.#retriesInFlight < breaker.retriesAllowed(now)
  }

  async #staysOpen(connection: Connection): Promise<boolean> {
    const isOpen = this.#isKeptAlive || (await connection.outlasts(REST_MS))
    if (isOpen) this.#isKeptAlive = true
    return isOpen
  }

  #take(): Connection {
    for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
      if (kept.isFit) return kept
      void kept.close()
    }
    return new Connection(this.#deps, this.origin)
  }
}

export type Route = {
  readonly connect: (origin: string) => Connection
  /** Keeps what can be used again; resolves once the sockets and dials of the rest are gone. */
  readonly end: () => Promise<void>
}
