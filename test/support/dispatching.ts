/** A dispatcher over a store in memory, with real receivers. */
import assert from 'node:assert/strict'
import { Dispatcher } from '../../src/delivery/dispatcher.ts'
import type { DispatcherDeps } from '../../src/delivery/dispatcher.ts'
import type { DeliveryTask } from '../../src/model/delivery.ts'
import type { Hint } from '../../src/notifier/notifier.ts'
import { ATTEMPT_DEPS, loopbackEgress, taskTo } from './delivery-task.ts'
import { MemoryStore } from './memory-store.ts'
import { startReceiver } from './receiver.ts'
import type { Receiver, Script } from './receiver.ts'

export async function dispatching(overrides: Partial<DispatcherDeps> = {}) {
  const store = new MemoryStore()
  const hints: Hint[] = []
  const capacities: (readonly [lane: string, capacity: number])[] = []
  const dispatcher = new Dispatcher({
    store,
    egress: loopbackEgress(),
    ...ATTEMPT_DEPS,
    notify: (hint) => hints.push(hint),
    onCapacity: (...change) => capacities.push(change),
    metrics: { attemptEnded: () => undefined },
    onFailure: (_, error) => assert.fail(String(error)),
    onFault: (doing, error) => assert.fail(`${doing}: ${String(error)}`),
    drainMs: 200,
    ...overrides,
  })
  const receivers: Receiver[] = []
  return {
    store,
    hints,
    capacities,
    dispatcher,
    async receiver(script?: Script): Promise<Receiver> {
      const receiver = await startReceiver(script)
      receivers.push(receiver)
      return receiver
    },
    async [Symbol.asyncDispose]() {
      await dispatcher.stop()
      for (const receiver of receivers) await receiver.close()
    },
  }
}

/** Reserves and offers, as execution does; what finds no room goes to the store. */
export function send(
  dispatcher: Dispatcher,
  store: MemoryStore,
  tasks: readonly DeliveryTask[],
): number {
  const places = dispatcher.reserve(
    tasks[0]!.accountId,
    tasks.map(({ origin }) => origin),
  )
  dispatcher.offer(tasks.filter((_, i) => places[i]))
  store.waiting.push(...tasks.filter((_, i) => !places[i]))
  return places.filter(Boolean).length
}

export const many = (count: number, url: string, overrides: Partial<DeliveryTask['send']> = {}) =>
  Array.from({ length: count }, (_, index) => taskTo(url, { ...overrides, index }))
