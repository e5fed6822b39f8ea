/**
 * The caller's side of the reader thread. Invariant: when the thread is gone every read rejects with
 * `store_unavailable`, none hangs.
 */
import type { Worker } from 'node:worker_threads'
import type { Reads } from './reader.ts'
import { fromWire } from './store-errors.ts'
import type { Answer } from './wire.ts'

type Waiting = { resolve(value: unknown): void; reject(error: Error): void }

export class ReadClient {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #gone: Error | undefined

  constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (answer: Answer | 'ready') => {
      if (answer !== 'ready') this.#settle(answer)
    })
  }

  async read<Verb extends keyof Reads>(
    verb: Verb,
    ...args: Reads[Verb]['args']
  ): Promise<Reads[Verb]['result']> {
    if (this.#gone) throw this.#gone
    const id = ++this.#lastId
    this.#worker.postMessage([id, verb, args])
    return new Promise<unknown>((resolve, reject) =>
      this.#waiting.set(id, { resolve, reject }),
    ) as Promise<Reads[Verb]['result']>
  }

  /** Rejects what waits and whatever is asked from now on. */
  fail(error: Error): void {
    this.#gone ??= error
    for (const waiting of this.#waiting.values()) waiting.reject(this.#gone)
    this.#waiting.clear()
  }

  #settle([id, error, value]: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) waiting?.reject(fromWire(error))
    else waiting?.resolve(value)
  }
}
