/**
 * The way to one destination for one account: what waits for it, in order, and its kept-alive
 * connections. First attempts go before retries. How many may be in flight is the dispatcher's to say.
 */
import type { DeliveryTask } from '../model/delivery.ts'
import { Connection } from './connection.ts'
import type { ConnectionDeps } from './connection.ts'

export class Lane {
  readonly key: string
  readonly origin: string
  inFlight = 0
  /** The last attempt got an answer: this destination does not hang. */
  isProven = false
  idleSince: number
  readonly #deps: ConnectionDeps
  readonly #first: DeliveryTask[] = []
  readonly #retries: DeliveryTask[] = []
  /** Most recently used last, so that few connections stay warm and the others expire. */
  readonly #idle: Connection[] = []

  constructor(deps: ConnectionDeps, key: string, origin: string) {
    this.#deps = deps
    this.key = key
    this.origin = new URL(origin).origin
    this.idleSince = deps.clock.monotonicMs()
  }

  get waiting(): number {
    return this.#first.length + this.#retries.length
  }

  get isIdle(): boolean {
    return this.inFlight === 0 && this.waiting === 0
  }

  push(task: DeliveryTask): void {
    if (task.attempt === 1) this.#first.push(task)
    else this.#retries.push(task)
  }

  shift(): DeliveryTask | undefined {
    return this.#first.shift() ?? this.#retries.shift()
  }

  /** The connections that one attempt may use, to this lane's origin and by redirect to others. */
  route(): Route {
    let own: Connection | undefined
    const detours: Connection[] = []
    return {
      connect: (origin) => {
        if (origin === this.origin) return (own = own?.isFit ? own : this.#take())
        const detour = new Connection(this.#deps, origin)
        detours.push(detour)
        return detour
      },
      end: async () => {
        const over = own && !own.isFit ? [own, ...detours] : detours
        if (own?.isFit) this.#idle.push(own)
        if (over.length > 0) await Promise.all(over.map((connection) => connection.close()))
        this.idleSince = this.#deps.clock.monotonicMs()
      },
    }
  }

  /** Closes the connections that are not in use. */
  close(): void {
    for (const connection of this.#idle.splice(0)) void connection.close()
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
