/**
 * Sees work in bulk through: counts what the filter meets, then does it a few items at a time, at the
 * pace that was asked for. What it does and how far it is are one commit of the store, so a server that
 * is stopped or killed goes on where it was, and a job that is canceled ends with the step under way.
 *
 * A replay makes a new event, which waits to be adopted as overflow does: a bulk of them takes no place
 * from what comes in.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, IdSource } from '../clock.ts'
import type { BulkItem, BulkJob } from '../model/bulk.ts'
import { laneKey } from '../model/destination.ts'
import { parseDeliveryId } from '../model/ids.ts'
import type { Environment } from '../model/variable.ts'
import type { Notifier } from '../notifier/notifier.ts'
import type { Service } from '../service.ts'
import type { Inspect } from '../store/inspect.ts'
import type { DefinitionStore } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'

type Deps = {
  readonly store: Pick<DefinitionStore, 'listOpenBulkJobs' | 'noteBulkTotal' | 'stepBulkJob'> & {
    readonly inspect: Pick<Inspect, 'listEvents' | 'listDeliveries' | 'deliveryStatus'>
  }
  readonly clock: Clock
  readonly ids: IdSource
  readonly notifier: Pick<Notifier, 'publish'>
  /** `wake` says that deliveries became due, `probe` that one lane is to try one whatever its breaker says. */
  readonly deliveries: { wake(): void; probe(lane: string): void }
  readonly log: Pick<Log, 'error'>
  readonly variables: { of(accountId: number): Promise<Pick<Environment, 'secrets'>> }
}

/** Steps a second, so that progress moves and a cancel is heard. */
const STEPS = 4
const COUNT_PAGE = 200
/** The store was away, or full: what failed is tried again. */
const RETRY_MS = 5_000

type Found = { readonly ids: readonly string[]; readonly next: string | null }

export class BulkJobs implements Service {
  readonly #deps: Deps
  readonly #running = new Map<string, Promise<void>>()
  readonly #stopping = new AbortController()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Takes up what an earlier server left. */
  async start(): Promise<void> {
    await this.#takeUp()
  }

  /** Resolves when the steps under way have ended. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#running.values())
  }

  /** Says that there is a new job. Nobody else will: while the store is away it is asked again. */
  async wake(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        return await this.#takeUp()
      } catch (error) {
        this.#deps.log.error('bulk jobs not read', { error })
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #takeUp(): Promise<void> {
    for (const job of await this.#deps.store.listOpenBulkJobs()) {
      if (this.#running.has(job.id) || this.#stopping.signal.aborted) continue
      const running = this.#see(job).finally(() => this.#running.delete(job.id))
      this.#running.set(job.id, running)
    }
  }

  async #see(begun: BulkJob): Promise<void> {
    const { signal } = this.#stopping
    let job: BulkJob | undefined = begun
    while (job?.state === 'running' && !signal.aborted) {
      const startedMs = this.#deps.clock.monotonicMs()
      const stood: BulkJob = job
      let pauseMs = 0
      try {
        job = job.total === null ? await this.#count(job) : await this.#step(job)
        const items = job ? job.done + job.failed - stood.done - stood.failed : 0
        pauseMs = (items * 1_000) / stood.rate - (this.#deps.clock.monotonicMs() - startedMs)
      } catch (error) {
        this.#deps.log.error('bulk job interrupted', { id: stood.id, error })
        pauseMs = RETRY_MS
      }
      if (pauseMs > 0) await delay(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async #count(job: BulkJob): Promise<BulkJob> {
    const { accountId, id } = job
    let total = 0
    let cursor: string | null = null
    do {
      const found: Found = await this.#find(job, COUNT_PAGE, cursor)
      total += found.ids.length
      cursor = found.next
    } while (cursor !== null && !this.#stopping.signal.aborted)
    if (this.#stopping.signal.aborted) return job
    await this.#deps.store.noteBulkTotal(accountId, id, total)
    return { ...job, total }
  }

  async #step(job: BulkJob): Promise<BulkJob | undefined> {
    const { accountId, id, cursor, rate } = job
    const { ids, next } = await this.#find(job, Math.ceil(rate / STEPS), cursor)
    const items = ids.map((one) => this.#item(job, one))
    const after = await this.#deps.store.stepBulkJob(accountId, id, { items, from: cursor, next })
    if (after && after.done > job.done) this.#announce(job, items)
    return after
  }

  #item({ action }: BulkJob, id: string): BulkItem {
    if (action === 'redeliver') return { kind: 'redeliver', deliveryId: id }
    return { kind: 'replay', eventId: id, newId: this.#deps.ids.next('evt') }
  }

  /** The next items from the cursor: of the list that was given, or of what the filter meets. */
  async #find(job: BulkJob, count: number, cursor: string | null): Promise<Found> {
    const { accountId, filter } = job
    if (filter.ids) {
      const end = Number(cursor ?? 0) + count
      const next = end < filter.ids.length ? String(end) : null
      return { ids: filter.ids.slice(end - count, end), next }
    }
    const { store, variables } = this.#deps
    // As when a person searches: how many it meets must not tell what a secret is.
    const hidden = filter.q === undefined ? [] : (await variables.of(accountId)).secrets
    const page =
      job.action === 'redeliver'
        ? await store.inspect.listDeliveries(accountId, { ...job.filter, hidden }, count, cursor)
        : await store.inspect.listEvents(
            accountId,
            job.filter.workflowId!,
            { ...job.filter, hidden },
            count,
            cursor,
          )
    return { ids: page.data.map(({ id }) => id), next: page.nextCursor }
  }

  /** Hints, so that pages read again; and delivery looks at once, not at its next poll. */
  #announce({ accountId, action, filter }: BulkJob, items: readonly BulkItem[]): void {
    if (action === 'redeliver') this.#deps.deliveries.wake()
    for (const item of items) {
      if (item.kind === 'replay') {
        const workflowId = filter.workflowId
        if (workflowId === undefined) continue
        const eventId = item.newId
        this.#deps.notifier.publish({ kind: 'event', accountId, workflowId, eventId })
      } else this.#announceDelivery(accountId, item.deliveryId)
    }
  }

  #announceDelivery(accountId: number, deliveryId: string): void {
    const key = parseDeliveryId(deliveryId)!
    this.#deps.store.inspect
      .deliveryStatus(accountId, key)
      .then((found) => {
        if (!found) return
        const { workflowId, origin } = found
        const { eventId } = key
        const { deliveries, notifier } = this.#deps
        deliveries.probe(laneKey(accountId, origin))
        notifier.publish({ kind: 'delivery', accountId, workflowId, eventId, deliveryId })
      })
      .catch(() => undefined) // a hint may be lost
  }
}
