/**
 * Brings facts to the store: everything that came up while one commit ran goes into the next. While the
 * store is away they are kept and offered again; none is dropped for that.
 *
 * Invariant: `done` is called only after the fact is durable, so what is kept here is bounded by the
 * places that deliveries take.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../errors.ts'

const BATCH = 512
const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 5_000

export type BatchesDeps<Fact> = {
  readonly write: (facts: readonly Fact[]) => Promise<void>
  /** The store refuses this one for good; its delivery stays as it is until the next start. */
  readonly onFailure: (fact: Fact, error: unknown) => void
}

type Entry<Fact> = { readonly fact: Fact; readonly done: () => void }

export class Batches<Fact> {
  readonly #deps: BatchesDeps<Fact>
  readonly #entries: Entry<Fact>[] = []
  readonly #stopping = new AbortController()
  #writing: Promise<void> | undefined

  constructor(deps: BatchesDeps<Fact>) {
    this.#deps = deps
  }

  add(fact: Fact, done: () => void): void {
    this.#entries.push({ fact, done })
    this.#writing ??= this.#write()
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
      await this.#writeBatch(batch)
      for (const { done } of batch) done()
    }
    // With the last look at what there is, not a turn later: what came between would wait for the next.
    this.#writing = undefined
  }

  async #writeBatch(batch: readonly Entry<Fact>[]): Promise<void> {
    const error = await this.#insist(batch.map(({ fact }) => fact))
    if (error === undefined) return
    if (batch.length === 1) this.#deps.onFailure(batch[0]!.fact, error)
    // One that the store cannot take must not hold up the others.
    else for (const entry of batch) await this.#writeBatch([entry])
  }

  /** Writes, however often the store is away; gives back the error that is not of that kind. */
  async #insist(facts: readonly Fact[]): Promise<unknown> {
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
      try {
        await this.#deps.write(facts)
        return undefined
      } catch (error) {
        const passes = error instanceof AppError && error.code === 'store_unavailable'
        if (!passes || this.#stopping.signal.aborted) return error
      }
      await delay(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
    }
  }
}
