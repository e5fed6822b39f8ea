/**
 * Brings settlements to the store: everything that ended while one commit ran goes into the next.
 * While the store is away they are kept and offered again; none is dropped for that.
 *
 * Invariant: `done` is called only after the settlement is durable, so what is kept here is bounded by
 * the places that deliveries take.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../errors.ts'
import type { Settlement } from '../model/delivery.ts'
import type { HotStore } from '../store/store.ts'

const BATCH = 512
const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 5_000

export type SettlerDeps = {
  readonly store: Pick<HotStore, 'settle'>
  /** The store refuses this settlement for good; the delivery stays as it is until the next start. */
  readonly onFailure: (settlement: Settlement, error: unknown) => void
}

type Entry = { readonly settlement: Settlement; readonly done: () => void }

export class Settler {
  readonly #deps: SettlerDeps
  readonly #entries: Entry[] = []
  readonly #stopping = new AbortController()
  #writing: Promise<void> | undefined

  constructor(deps: SettlerDeps) {
    this.#deps = deps
  }

  add(settlement: Settlement, done: () => void): void {
    this.#entries.push({ settlement, done })
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
  }

  /** Resolves when everything added so far is durable, or given up. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  /** Stops waiting for a store that is away. */
  stop(): void {
    this.#stopping.abort()
  }

  async #write(): Promise<void> {
    // One turn of the loop gathers what ends together.
    await Promise.resolve()
    while (this.#entries.length > 0 && !this.#stopping.signal.aborted) {
      const batch = this.#entries.splice(0, BATCH)
      await this.#settle(batch)
      for (const { done } of batch) done()
    }
  }

  async #settle(batch: readonly Entry[]): Promise<void> {
    const error = await this.#insist(batch.map(({ settlement }) => settlement))
    if (error === undefined) return
    if (batch.length === 1) this.#deps.onFailure(batch[0]!.settlement, error)
    // One that the store cannot take must not hold up the others.
    else for (const entry of batch) await this.#settle([entry])
  }

  /** Settles, however often the store is away; gives back the error that is not of that kind. */
  async #insist(settlements: readonly Settlement[]): Promise<unknown> {
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
      try {
        await this.#deps.store.settle(settlements)
        return undefined
      } catch (error) {
        const passes = error instanceof AppError && error.code === 'store_unavailable'
        if (!passes || this.#stopping.signal.aborted) return error
      }
      await delay(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
    }
  }
}
