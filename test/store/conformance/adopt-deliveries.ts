/** Deliveries that are due and that nobody has leased. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { laneKey } from '../../../src/model/destination.ts'
import type { Store } from '../../../src/store/store.ts'
import { attempt, delivery, event, run, settlement } from '../../support/store-values.ts'
import type { HeldClock } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { everyOrigin, onStore } from './opened-store.ts'

const [A, B, C] = ['https://a.example:443', 'https://b.example:443', 'https://c.example:443']

/** A first attempt that waits, one millisecond younger than the one before. */
async function overflow(store: Store, clock: HeldClock, origin: string): Promise<string> {
  clock.at += 1
  const accepted = event()
  await store.admit([accepted])
  await store.finish(run(accepted), [delivery({ origin, leased: false })])
  return accepted.id
}

async function retry(store: Store, clock: HeldClock, origin: string): Promise<string> {
  clock.at += 1
  const accepted = event()
  await store.admit([accepted])
  await store.finish(run(accepted), [delivery({ origin })])
  const failed = attempt({ outcome: 'failed', code: 'reset' })
  await store.settle([
    settlement(accepted, { attempt: failed, status: 'pending', dueAt: clock.at }),
  ])
  return accepted.id
}

const eventsOf = (tasks: readonly { eventId: string }[]) => tasks.map((task) => task.eventId)

export function adoptDeliveriesConformance(name: string, open: Open): void {
  test(
    `${name} adoptDeliveries: a task is whole, its attempt begun, and it is taken once`,
    onStore(open, async (store, { clock }) => {
      const accepted = event()
      const { send } = delivery({}, { step: 2, index: 3, body: Uint8Array.of(0, 1, 255) })
      await store.admit([accepted])
      await store.finish(run(accepted, { hops: 4 }), [
        { send, sealed: null, origin: A, leased: false },
      ])
      assert.deepEqual(await store.adoptDeliveries(everyOrigin), [
        {
          accountId: 1,
          id: `${accepted.id.replace('evt_', 'dlv_')}02003`,
          eventId: accepted.id,
          workflowId: 'wf_a',
          origin: A,
          send,
          sealed: null,
          attempt: 1,
          dueAt: clock.at,
          hops: 4,
        },
      ])
      const key = { eventId: accepted.id, step: 2, index: 3 }
      assert.deepEqual(await store.inspect.deliveryStatus(1, key), {
        workflowId: 'wf_a',
        origin: A,
        status: 'sending',
      })
      assert.deepEqual(await store.adoptDeliveries(everyOrigin), [])
    }),
  )

  test(
    `${name} adoptDeliveries: first attempts before retries, oldest first, over all origins`,
    onStore(open, async (store, { clock }) => {
      const retries = [await retry(store, clock, B), await retry(store, clock, A)]
      const firsts = [await overflow(store, clock, B), await overflow(store, clock, A)]
      firsts.push(await overflow(store, clock, B))
      const taken = await store.adoptDeliveries(everyOrigin)
      assert.deepEqual(eventsOf(taken), [...firsts, ...retries])
    }),
  )

  test(
    `${name} adoptDeliveries: count, origins that are excepted, and so many of one origin`,
    onStore(open, async (store, { clock }) => {
      const a = [await overflow(store, clock, A), await overflow(store, clock, A)]
      const b = [await overflow(store, clock, B), await overflow(store, clock, B)]
      const c = await overflow(store, clock, C)
      const some = { count: 10, exceptLanes: [laneKey(1, A)], perLane: 1 }
      assert.deepEqual(eventsOf(await store.adoptDeliveries(some)), [b[0], c])
      const two = { count: 2, exceptLanes: [], perLane: 2 }
      assert.deepEqual(eventsOf(await store.adoptDeliveries(two)), a)
      assert.deepEqual(eventsOf(await store.adoptDeliveries(everyOrigin)), [b[1]])
    }),
  )

  test(
    `${name} adoptDeliveries: a full origin with a long backlog does not delay another`,
    onStore(open, async (store, { clock }) => {
      const accepted = event()
      await store.admit([accepted])
      const sends = Array.from({ length: 1_000 }, (_, index) =>
        delivery({ origin: A, leased: false }, { index, body: null }),
      )
      await store.finish(run(accepted), sends)
      const other = await overflow(store, clock, B)
      const limits = { count: 1, exceptLanes: [laneKey(1, A)], perLane: 1 }
      assert.deepEqual(eventsOf(await store.adoptDeliveries(limits)), [other])
    }),
  )
}
