/**
 * Lets go of old events, a few at a time, so that the database does not grow for good; none goes while it
 * waits for its run or something of it is on its way or held.
 *
 * It takes at most half of the writer's time: after each batch it rests as long as that took. SQLite uses
 * the room for what comes next; the file itself does not shrink.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { limits } from '../model/limits.ts'
import type { Service } from '../service.ts'
import type { ExpiryPosition, Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'

type Deps = {
  readonly store: Pick<Store, 'expireEvents'>
  readonly clock: Clock
  readonly log: Pick<Log, 'error' | 'info'>
}

const PERIOD_MS = 60 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000

export class Retention implements Service {
  readonly #deps: Deps
  readonly #days: number
  readonly #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()

  /** `days` 0 keeps everything. */
  constructor(deps: Deps, days: number) {
    this.#deps = deps
    this.#days = days
  }

  /** Looks once, and then every hour; nobody waits for it. */
  async start(): Promise<void> {
    if (this.#days === 0) return
    const look = (): void => {
      this.#running = this.#running.then(() =>
        expireOld(this.#deps, this.#days, this.#stopping.signal).catch((error: unknown) =>
          this.#deps.log.error('old events were not deleted', { error }),
        ),
      )
    }
    this.#timer = setInterval(look, PERIOD_MS)
    look()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopping.abort()
    await this.#running
  }
}

/** One round over all that is older than `days`. What it does not come to, the next one does. */
export async function expireOld(
  { store, clock, log }: Deps,
  days: number,
  signal: AbortSignal,
): Promise<void> {
  const before = clock.nowMs() - days * DAY_MS
  let position: ExpiryPosition | null = { accountId: 0, id: '' }
  let deleted = 0
  while (position && !signal.aborted) {
    const startedMs = clock.monotonicMs()
    const batch = await store.expireEvents(before, position, limits.expiryBatch)
    deleted += batch.deleted
    position = batch.next
    const restMs = clock.monotonicMs() - startedMs
    if (position) await delay(restMs, undefined, { signal }).catch(() => undefined)
  }
  if (deleted > 0) log.info('old events deleted', { deleted, days })
}
