/** Destinations: known from their first delivery, paused and resumed, capped; and places given back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { laneKey } from '../../../src/model/destination.ts'
import type { NewEvent } from '../../../src/model/event.ts'
import type { Store } from '../../../src/store/store.ts'
import { attempt, delivery, event, run, settlement } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { detail, everyOrigin, hasCode, onStore } from './opened-store.ts'

const [A, B] = ['https://a.example:443', 'https://b.example:443']

async function waiting(store: Store, origin: string, leased = false): Promise<NewEvent> {
  const accepted = event()
  await store.admit([accepted])
  await store.finish(run(accepted), [delivery({ origin, leased })])
  return accepted
}

async function statusOf(store: Store, of: NewEvent): Promise<string> {
  return (await detail(store, of)).deliveries[0]!.status
}

const key = (of: NewEvent) => ({ eventId: of.id, step: 0, index: 0 })

export function destinationsConformance(name: string, open: Open): void {
  test(
    `${name} destinations: each is there from its first delivery on, with what waits for it`,
    onStore(open, async (store) => {
      await waiting(store, B)
      await waiting(store, A)
      await waiting(store, A)
      await waiting(store, A, true)
      const defaults = { accountId: 1, paused: false, concurrency: null, ratePerSecond: null }
      const a = { ...defaults, origin: A, pending: 2, held: 0 }
      const first = await store.inspect.listDestinations(1, '', 1, null)
      assert.deepEqual(first, { data: [a], nextCursor: A })
      const second = await store.inspect.listDestinations(1, '', 1, A)
      assert.deepEqual(
        second.data.map(({ origin }) => origin),
        [B],
      )
      assert.equal(second.nextCursor, null)
      const named = async (q: string) => {
        const { data } = await store.inspect.listDestinations(1, q, 50, null)
        return data.map(({ origin }) => origin)
      }
      assert.deepEqual(await named(A.slice(8, 10).toUpperCase()), [A])
      assert.deepEqual(await named('.example:443'), [A, B])
      for (const q of ['%', '_', '\\', "'", 'elsewhere']) assert.deepEqual(await named(q), [], q)
      assert.deepEqual(await store.inspect.destination(1, A), a)
      assert.equal(await store.inspect.destination(2, A), undefined)
      await assert.rejects(store.changeDestination(2, A, {}), hasCode('not_found'))
    }),
  )

  test(
    `${name} destinations: settings are kept, and told where there are any`,
    onStore(open, async (store, opened) => {
      await waiting(store, A)
      await waiting(store, B)
      assert.deepEqual(await store.syncDestinations(), [])
      await store.changeDestination(1, A, { concurrency: 3 })
      const set = await store.changeDestination(1, A, { ratePerSecond: 0.5 })
      const expected = {
        accountId: 1,
        origin: A,
        paused: false,
        concurrency: 3,
        ratePerSecond: 0.5,
      }
      assert.deepEqual(set, expected)
      assert.deepEqual(await (await opened.crash()).syncDestinations(), [expected])
      const next = opened.store()
      await next.changeDestination(1, A, { concurrency: null, ratePerSecond: null })
      assert.deepEqual(await next.syncDestinations(), [])
    }),
  )

  test(
    `${name} destinations: what waits for a paused one is held, and due when it was once resumed`,
    onStore(open, async (store, { clock }) => {
      const first = await waiting(store, A)
      const dueAt = clock.at
      clock.at += 1
      const second = await waiting(store, A)
      const other = await waiting(store, B)
      await store.changeDestination(1, A, { paused: true })
      // At once, before anything shows as held.
      const taken = await store.adoptDeliveries(everyOrigin)
      assert.deepEqual(
        taken.map(({ eventId }) => eventId),
        [other.id],
      )
      await store.syncDestinations()
      assert.equal(await statusOf(store, first), 'held')
      assert.equal(await statusOf(store, second), 'held')
      assert.equal((await store.inspect.destination(1, A))!.held, 2)
      clock.at += 60_000
      await store.changeDestination(1, A, { paused: false })
      await store.syncDestinations()
      const resumed = await store.adoptDeliveries(everyOrigin)
      assert.deepEqual(
        resumed.map((task) => [task.eventId, task.attempt, task.dueAt]),
        [
          [first.id, 1, dueAt],
          [second.id, 1, dueAt + 1],
        ],
      )
      assert.deepEqual(await store.syncDestinations(), [])
    }),
  )

  test(
    `${name} destinations: what a person is to decide about stays held when its destination is resumed`,
    onStore(open, async (store) => {
      const accepted = await waiting(store, A, true)
      await store.settle([settlement(accepted, { status: 'held' })])
      await store.changeDestination(1, A, { paused: true })
      await store.syncDestinations()
      await store.changeDestination(1, A, { paused: false })
      await store.syncDestinations()
      assert.equal(await statusOf(store, accepted), 'held')
    }),
  )

  test(
    `${name} destinations: what is held for a paused one can be canceled, and not redelivered`,
    onStore(open, async (store) => {
      const accepted = await waiting(store, A)
      await store.changeDestination(1, A, { paused: true })
      await store.syncDestinations()
      await assert.rejects(store.redeliver(1, key(accepted)), hasCode('conflict'))
      await store.cancel(1, key(accepted))
      await store.changeDestination(1, A, { paused: false })
      await store.syncDestinations()
      assert.equal(await statusOf(store, accepted), 'canceled')
    }),
  )

  test(
    `${name} giveBack: the attempt that was not made is not counted, and is due when it was`,
    onStore(open, async (store, { clock }) => {
      const accepted = await waiting(store, A)
      const dueAt = clock.at
      clock.at += 5_000
      const [task] = await store.adoptDeliveries(everyOrigin)
      await store.giveBack([task!])
      const { status, attempts } = (await detail(store, accepted)).deliveries[0]!
      assert.deepEqual({ status, attempts }, { status: 'pending', attempts: [] })
      await store.giveBack([task!]) // once more changes nothing
      const [again] = await store.adoptDeliveries(everyOrigin)
      assert.deepEqual([again!.attempt, again!.dueAt], [1, dueAt])
    }),
  )

  test(
    `${name} giveBack: what was settled meanwhile stays as it is`,
    onStore(open, async (store) => {
      const accepted = await waiting(store, A)
      const [task] = await store.adoptDeliveries(everyOrigin)
      await store.settle([settlement(accepted)])
      await store.giveBack([task!])
      assert.equal(await statusOf(store, accepted), 'delivered')
    }),
  )

  test(
    `${name} adoptDeliveries: a lane takes as many as there is room for`,
    onStore(open, async (store) => {
      for (const origin of [A, A, A, B]) await waiting(store, origin)
      const origins = async (room: number) => {
        const taken = await store.adoptDeliveries({
          ...everyOrigin,
          rooms: { [laneKey(1, A)]: room },
        })
        return taken.map(({ origin }) => origin)
      }
      assert.deepEqual(await origins(0), [B])
      assert.deepEqual(await origins(2), [A, A])
      assert.deepEqual(await origins(2), [A])
    }),
  )

  test(
    `${name} adoptDeliveries: a lane takes as many retries as it is said to`,
    onStore(open, async (store, { clock }) => {
      for (const origin of [A, A, B]) {
        const accepted = await waiting(store, origin, true)
        const failed = attempt({ outcome: 'failed', code: 'reset' })
        await store.settle([
          settlement(accepted, { attempt: failed, status: 'pending', dueAt: clock.at }),
        ])
      }
      const first = await waiting(store, A)
      const none = await store.adoptDeliveries({ ...everyOrigin, retries: { [laneKey(1, A)]: 0 } })
      assert.deepEqual(
        none.map(({ origin, attempt: number }) => [origin, number]),
        [
          [A, 1],
          [B, 2],
        ],
      )
      assert.equal(none[0]!.eventId, first.id)
      const one = await store.adoptDeliveries({ ...everyOrigin, retries: { [laneKey(1, A)]: 1 } })
      assert.equal(one.length, 1)
    }),
  )
}
