/** Events that are too old: each goes whole, and none that something waits for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IdSource } from '../../../src/clock.ts'
import type { NewEvent } from '../../../src/model/event.ts'
import type { ExpiryPosition, Store } from '../../../src/store/store.ts'
import { limits } from '../../../src/model/limits.ts'
import { delivery, event, HeldClock, run, settlement } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { onStore } from './opened-store.ts'

const START = 1_800_000_000_000

function at(ms: number, over: Partial<NewEvent> = {}): NewEvent {
  const clock = new HeldClock()
  clock.at = START + ms
  return event({ id: new IdSource(clock).next('evt'), receivedAt: clock.at, ...over })
}

async function expire(store: Store, before: number, count: number): Promise<number> {
  let deleted = 0
  let position: ExpiryPosition | null = { accountId: 0, id: '' }
  while (position) {
    const batch = await store.expireEvents(START + before, position, count)
    deleted += batch.deleted
    position = batch.next
  }
  return deleted
}

export function expiryConformance(name: string, open: Open): void {
  test(
    `${name} expiry: what is older goes whole, in batches; what is not stays`,
    onStore(open, async (store) => {
      const events = [0, 1, 2, 3, 4, 10, 11].map((ms) => at(ms))
      await store.admit(events)
      for (const one of events) {
        await store.finish(run(one), [delivery()])
        await store.settle([settlement(one)])
        await store.appendLate(1, one.id, 'nodejs', { at: 1, level: 'log', text: 'late' })
      }
      assert.equal(await expire(store, 10, 2), 5)
      assert.equal(await expire(store, 10, 2), 0)
      const { data } = await store.inspect.listEvents(1, 'wf_a', {}, 50, null)
      assert.deepEqual(
        data.map(({ id }) => id),
        [events[6]!.id, events[5]!.id],
      )
      assert.equal(await store.inspect.event(1, events[0]!.id), undefined)
      const deliveries = await store.inspect.listDeliveries(1, {}, 50, null)
      assert.equal(deliveries.data.length, 2)
      assert.equal(deliveries.data[0]!.last!.status, 200)
    }),
  )

  test(
    `${name} expiry: an event without a run, or with a delivery on its way or held, stays`,
    onStore(open, async (store) => {
      const [queued, sending, pending, done, refused] = [
        at(0, { leased: false }),
        at(1),
        at(2),
        at(3),
        at(4, { error: { code: 'body_too_large', message: 'too large' } }),
      ] as const
      await store.admit([queued, sending, pending, done, refused])
      const both = [delivery(), delivery({}, { index: 1 })]
      for (const one of [sending, done]) await store.finish(run(one), both)
      await store.finish(run(pending), [delivery({ leased: false })])
      await store.settle([settlement(sending), settlement(done), settlement(done, { index: 1 })])
      assert.equal(await expire(store, 100, 1), 2)
      for (const one of [queued, sending, pending]) {
        assert.ok(await store.inspect.event(1, one.id))
      }
      for (const one of [done, refused]) {
        assert.equal(await store.inspect.event(1, one.id), undefined)
      }
      await store.settle([settlement(sending, { index: 1, status: 'held' })])
      assert.equal(await expire(store, 100, 10), 0)
    }),
  )

  test(
    `${name} expiry: an event with more than one commit takes goes in pieces, itself last`,
    onStore(open, async (store) => {
      const [before, large, waiting, after, young] = [at(0), at(1), at(2), at(3), at(50)] as const
      const events = [before, large, waiting, after, young]
      const most = limits.expiryRows
      const sends = Array.from({ length: most }, (_, index) => delivery({}, { index }))
      await store.admit(events)
      for (const one of events) {
        const isSmall = one === before || one === after || one === young
        const own = isSmall ? sends.slice(0, 1) : sends
        await store.finish(run(one), own)
        const isLeft = (index: number) => one === waiting && index === most - 1
        const ended = own.filter(({ send }) => !isLeft(send.index))
        await store.settle(ended.map(({ send }) => settlement(one, { index: send.index })))
      }
      const lefts: number[] = []
      let position: ExpiryPosition | null = { accountId: 0, id: '' }
      while (position) {
        position = (await store.expireEvents(START + 10, position, 10)).next
        const left = (await store.inspect.event(1, large.id))?.deliveries
        if (left) lefts.push(left.length)
      }
      assert.equal(lefts[0], most)
      assert.ok(lefts.length > 3, lefts.join())
      assert.ok(
        lefts.every((left, i) => i < 2 || left < lefts[i - 1]!),
        lefts.join(),
      )
      const found = await Promise.all(events.map(({ id }) => store.inspect.event(1, id)))
      assert.deepEqual(
        found.map((one) => one?.deliveries.map(({ attempts }) => attempts.length)),
        [undefined, undefined, [...sends.slice(1).map(() => 1), 0], undefined, [1]],
      )
      const key = { eventId: large.id, step: 0, index: most - 1 }
      assert.equal(await store.inspect.delivery(1, key, null), undefined)
    }),
  )
}
