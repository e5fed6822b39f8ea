/**
 * Lets go of bulk jobs that ended a week ago: by then nobody comes back for how they went. Those that run
 * stay, however long they take. What an account may leave in a week is bounded where jobs begin.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { limits } from '../model/limits.ts'
import type { Service } from '../service.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'

type Deps = {
  readonly store: Pick<Store, 'expireBulkJobs'>
  readonly clock: Clock
  readonly log: Pick<Log, 'error'>
}

const PERIOD_MS = 60 * 60 * 1000

export class BulkExpiry implements Service {
  readonly #deps: Deps
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Looks at once, and then every hour; nobody waits for it. */
  async start(): Promise<void> {
    this.#running = this.#keepLooking()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await expireEndedJobs(this.#deps, signal).catch((error: unknown) =>
        this.#deps.log.error('ended bulk jobs were not deleted', { error }),
      )
      await delay(PERIOD_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** One round, a few at a time, so that no commit is held up for long. */
export async function expireEndedJobs(
  { store, clock }: Omit<Deps, 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const before = clock.nowMs() - limits.bulkJobsKeptMs
  const count = limits.bulkExpiryBatch
  while (!signal.aborted && (await store.expireBulkJobs(before, count)) === count);
}
