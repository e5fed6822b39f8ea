/**
 * Decides when events run, not how: it takes events that ingest hands over, and events that wait in
 * the store, and sees each through `execute`. Memory is bounded over all, and shared by accounts and
 * their workflows (held-events.ts), so one's backlog waits in the store and not in the way of the others.
 *
 * Invariant: an event that was offered is either finished, or still queued in the store under a lease
 * that ends with this process.
 */
import { AppError } from '../errors.ts'
import type { EventHandOver } from '../hand-over.ts'
import type { QueuedEvent } from '../model/event.ts'
import { limits } from '../model/limits.ts'
import type { RunResult } from '../runner/runner.ts'
import type { Service } from '../service.ts'
import type { Store } from '../store/store.ts'
import { execute, runSteps } from './execute.ts'
import type { ExecuteDeps } from './execute.ts'
import { HeldEvents } from './held-events.ts'

const POLL_MS = 1_000
/** What one look into the store takes, in all and of one workflow. */
const ADOPTED = 500
const ADOPTED_OF_ONE = 125

type Deps = ExecuteDeps & {
  readonly store: Pick<Store, 'finish' | 'admit' | 'adoptEvents'>
  readonly onFailure: (event: QueuedEvent, error: unknown) => void
  /** The store refuses events although it is there: those that wait in it stand still. */
  readonly onFault: (error: unknown) => void
  readonly onFinished?: (event: QueuedEvent, result: RunResult) => void
}

/** An event that a person made. Whether it is born leased is decided here. */
export type Submission = Omit<QueuedEvent, 'starts'>

export class Executor implements EventHandOver, Service {
  readonly #deps: Deps
  readonly #running = new Set<Promise<void>>()
  readonly #held = new HeldEvents()
  readonly #stopping = new AbortController()
  #poll: NodeJS.Timeout | undefined
  #adopting: Promise<void> | undefined
  #overflowed = true

  constructor(deps: Deps) {
    this.#deps = deps
  }

  async start(): Promise<void> {
    this.#poll = setInterval(() => this.#adoptIfAny(true), POLL_MS)
    this.#adoptIfAny(true)
  }

  /** Lets running steps end within a bound; what has not ended is run again after the next start. */
  async stop(): Promise<void> {
    clearInterval(this.#poll)
    this.#stopping.abort()
    await this.#adopting
    let timer: NodeJS.Timeout | undefined
    const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, limits.drainRunsMs)))
    await Promise.race([Promise.all(this.#running), bound])
    clearTimeout(timer)
  }

  reserve(accountId: number, workflowId: string, bytes: number): boolean {
    if (!this.#stopping.signal.aborted && this.#held.fits(accountId, workflowId, bytes)) {
      this.#held.add(accountId, workflowId, bytes)
      return true
    }
    this.#overflowed = true
    return false
  }

  release(accountId: number, workflowId: string, bytes: number): void {
    this.#held.remove(accountId, workflowId, bytes)
    this.#adoptIfAny(false)
  }

  offer(events: readonly QueuedEvent[]): void {
    for (const event of events) {
      const running = this.#see(event)
      this.#running.add(running)
      void running.finally(() => this.#running.delete(running))
    }
  }

  /** Stores an event that did not come by HTTP (a replay, a test) and puts it on its way. */
  async submit(event: Submission): Promise<void> {
    const { accountId, workflowId, id: eventId } = event
    const bytes = event.request.body.length
    const leased = this.reserve(accountId, workflowId, bytes)
    try {
      await this.#deps.store.admit([{ ...event, leased, error: null, idempotency: null }])
    } catch (error) {
      if (leased) this.release(accountId, workflowId, bytes)
      throw error
    }
    this.#deps.notifier.publish({ kind: 'event', accountId, workflowId, eventId })
    if (leased) this.offer([{ ...event, starts: 0 }])
  }

  /** Runs an event and tells how it ended; stores nothing and sends nothing. */
  async dryRun(event: Submission): Promise<RunResult> {
    const queued = { ...event, starts: 0 }
    const loaded = await this.#deps.versions.load(queued)
    return (await runSteps(this.#deps, queued, loaded, this.#stopping.signal)).result
  }

  async #see(event: QueuedEvent): Promise<void> {
    try {
      const result = await execute(this.#deps, event, this.#stopping.signal)
      if (result) this.#deps.onFinished?.(event, result)
    } catch (error) {
      // Whoever stops leaves what is queued: nothing has failed.
      if (!this.#stopping.signal.aborted) this.#deps.onFailure(event, error)
    } finally {
      this.#deps.answers.give(event.id, { kind: 'left' }) // Only where nothing was answered so far.
      this.release(event.accountId, event.workflowId, event.request.body.length)
    }
  }

  /** Takes events out of the store once there is room for them, or when it is time to look. */
  #adoptIfAny(due: boolean): void {
    const roomy = this.#held.events + ADOPTED <= limits.runQueueEvents
    if (this.#adopting || this.#stopping.signal.aborted) return
    if (!due && !(this.#overflowed && roomy)) return
    this.#adopting = this.#adopt().finally(() => (this.#adopting = undefined))
  }

  async #adopt(): Promise<void> {
    this.#overflowed = false
    const events = await this.#deps.store
      .adoptEvents({
        count: ADOPTED,
        exceptWorkflows: this.#held.without(ADOPTED_OF_ONE),
        perWorkflow: ADOPTED_OF_ONE,
      })
      .catch((error: unknown): readonly QueuedEvent[] => {
        // While it is away the poll asks again; of anything else somebody must hear.
        const isAway = error instanceof AppError && error.code === 'store_unavailable'
        if (!isAway) this.#deps.onFault(error)
        return []
      })
    for (const { accountId, workflowId, request } of events)
      this.#held.add(accountId, workflowId, request.body.length)
    if (events.length > 0) this.#overflowed = true // there may be more
    this.offer(events)
  }
}
