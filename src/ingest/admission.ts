/**
 * The way of an event into the store. What arrives in one turn of the event loop goes into one call,
 * and the store groups the calls that wait for a commit. (Holding calls back until the last commit is
 * done was measured to gain nothing over that, a call an event to cost a tenth more CPU.) An event
 * that execution has a place for is born leased, and handed over after its commit.
 *
 * Invariant: each reserved place is either offered with its event or released.
 * Invariant: no more than `admitQueueEvents` wait; one more is refused, since the store is behind.
 */
import { AppError } from '../errors.ts'
import type { NewEvent, QueuedEvent } from '../model/event.ts'
import { limits } from '../model/limits.ts'
import type { Notifier } from '../notifier/notifier.ts'
import type { Admitted, Store } from '../store/store.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { EventHandOver } from '../hand-over.ts'

type Deps = {
  readonly store: Pick<Store, 'admit'>
  readonly notifier: Pick<Notifier, 'publish'>
  readonly handOver: EventHandOver
  readonly metrics: Pick<Metrics, 'eventsAdmitted'>
}

type Waiting = {
  readonly event: NewEvent
  readonly resolve: (admitted: Admitted) => void
  readonly reject: (cause: unknown) => void
}

export class Admission {
  readonly #deps: Deps
  #gathered: Waiting[] = []
  #waiting = 0

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Resolves when the event is durable. Fails with `overloaded`, and as `store.admit` does. */
  admit(draft: Omit<NewEvent, 'leased'>): Promise<Admitted> {
    if (this.#waiting >= limits.admitQueueEvents) {
      throw new AppError('overloaded', { what: 'the queue for the store' })
    }
    this.#waiting++
    const leased =
      draft.error === null &&
      this.#deps.handOver.reserve(draft.accountId, draft.workflowId, draft.request.body.length)
    return new Promise((resolve, reject) => {
      const length = this.#gathered.push({ event: { ...draft, leased }, resolve, reject })
      if (length === 1) setImmediate(() => void this.#commit())
    })
  }

  async #commit(): Promise<void> {
    const batch = this.#gathered
    this.#gathered = []
    this.#deps.metrics.eventsAdmitted(batch.length)
    try {
      const events = batch.map(({ event }) => event)
      this.#conclude(batch, await this.#deps.store.admit(events))
    } catch (cause) {
      for (const { event, reject } of batch) {
        this.#release(event)
        reject(cause)
      }
    }
    this.#waiting -= batch.length
  }

  #conclude(batch: readonly Waiting[], answers: readonly Admitted[]): void {
    const queued: QueuedEvent[] = []
    for (const [i, { event, resolve }] of batch.entries()) {
      const admitted = answers[i]!
      if (admitted.kind === 'created') {
        if (event.leased) queued.push(toQueued(event))
        const { accountId, workflowId, id: eventId } = event
        this.#deps.notifier.publish({ kind: 'event', accountId, workflowId, eventId })
      } else {
        this.#release(event)
      }
      resolve(admitted)
    }
    if (queued.length > 0) this.#deps.handOver.offer(queued)
  }

  #release(event: NewEvent): void {
    const { accountId, workflowId, request, leased } = event
    if (leased) this.#deps.handOver.release(accountId, workflowId, request.body.length)
  }
}

function toQueued(event: NewEvent): QueuedEvent {
  const { accountId, id, workflowId, version, receivedAt, request, replayOf, test, steps } = event
  return {
    accountId,
    id,
    workflowId,
    version,
    receivedAt,
    request,
    replayOf,
    test,
    steps,
    starts: 0,
  }
}
