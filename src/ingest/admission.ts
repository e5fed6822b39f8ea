/**
 * The way of an event into the store. While one commit runs, what arrives gathers; when it is done,
 * all of it goes into the next, without a timer (a 2 ms linger was measured to halve the rate). An
 * event that execution has a place for is born leased and handed over after its commit.
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
  #waiting: Waiting[] = []
  #committing = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Resolves when the event is durable. Fails with `overloaded`, and as `store.admit` does. */
  admit(draft: Omit<NewEvent, 'leased'>): Promise<Admitted> {
    if (this.#waiting.length >= limits.admitQueueEvents) {
      throw new AppError('overloaded', { what: 'the queue for the store' })
    }
    const leased =
      draft.error === null &&
      this.#deps.handOver.reserve(draft.workflowId, draft.request.body.length)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event: { ...draft, leased }, resolve, reject })
      if (!this.#committing) void this.#commitAll()
    })
  }

  async #commitAll(): Promise<void> {
    this.#committing = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, limits.admitBatchEvents)
      try {
        const events = batch.map(({ event }) => event)
        this.#deps.metrics.eventsAdmitted(events.length)
        this.#conclude(batch, await this.#deps.store.admit(events))
      } catch (cause) {
        for (const { event, reject } of batch) {
          this.#release(event)
          reject(cause)
        }
      }
    }
    this.#committing = false
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
    if (event.leased) this.#deps.handOver.release(event.workflowId, event.request.body.length)
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
