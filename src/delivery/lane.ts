/**
 * The way to one destination for one account: what waits for it, in order, and its kept-alive
 * connections. First attempts go before retries. How many may be in flight is the dispatcher's to say.
 */
import type { DeliveryTask } from '../model/delivery.ts'
import { limits } from '../model/limits.ts'
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
  readonly #inUse = new Set<Connection>()

  constructor(deps: ConnectionDeps, key: string, origin: string) {
    this.#deps = deps
    this.key = key
    this.origin = new URL(origin).origin
    this.idleSince = deps.clock.monotonicMs()
  }

  /** Something waits, and the destination may take one more at a time. */
  get isReady(): boolean {
    return this.#waiting > 0 && this.inFlight < limits.laneConcurrency
  }

  get isIdle(): boolean {
    return this.inFlight === 0 && this.#waiting === 0
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
    const used: Connection[] = []
    return {
      connect: (origin) => {
        if (own?.isFit && origin === this.origin) return own
        const connection =
          origin === this.origin ? this.#take() : new Connection(this.#deps, origin)
        if (origin === this.origin) own = connection
        used.push(connection)
        this.#inUse.add(connection)
        return connection
      },
      end: async () => {
        for (const connection of used) {
          this.#inUse.delete(connection)
          if (connection === own && own.isFit) this.#idle.push(own)
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

  get #waiting(): number {
    return this.#first.length + this.#retries.length
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
