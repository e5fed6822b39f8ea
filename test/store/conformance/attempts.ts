/** How many attempts one answer carries, and that the others are there to be read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewEvent } from '../../../src/model/event.ts'
import { limits } from '../../../src/model/limits.ts'
import type { Store } from '../../../src/store/store.ts'
import { attempt, delivery, event, run, settlement } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { detail, onStore } from './opened-store.ts'

const LARGE = new Uint8Array(limits.responseStoredBytes).fill(120)
/** So many fit, of which no two deliveries do. */
const MANY = Math.floor(limits.answerAttemptBytes / LARGE.length) - 4

/** An event with that many deliveries, begun and not ended. */
async function sent(store: Store, count: number): Promise<NewEvent> {
  const one = event()
  await store.admit([one])
  await store.finish(
    run(one),
    Array.from({ length: count }, (_, index) => delivery({}, { index })),
  )
  return one
}

/** Settles attempts of a delivery, from number `from` on. */
async function tried(store: Store, one: NewEvent, index: number, count: number, from = 1) {
  const { response } = attempt()
  const large = { ...response!, body: LARGE, size: LARGE.length }
  const numbers = Array.from({ length: count }, (_, i) => from + i)
  await store.settle(
    numbers.map((number) => {
      const made = attempt({ number, outcome: 'failed', response: large })
      return settlement(one, { index, attempt: made, status: 'failed', code: 'http_status' })
    }),
  )
}

const keyOf = ({ id }: NewEvent, index: number) => ({ eventId: id, step: 0, index })

export function attemptsConformance(name: string, open: Open): void {
  test(
    `${name} attempts: an event carries what fits; the deliveries after that are abridged`,
    onStore(open, async (store) => {
      const one = await sent(store, 4)
      await tried(store, one, 0, MANY)
      await tried(store, one, 1, 5)
      await store.settle([settlement(one, { index: 2 })])
      const { deliveries, dest } = await detail(store, one)
      assert.deepEqual(dest, { delivered: 1, total: 4, failed: 2 })
      assert.deepEqual(
        deliveries.map(({ isAbridged, attempts }) => [isAbridged, attempts.length]),
        [
          [false, MANY],
          [true, 1],
          [true, 1],
          [false, 0],
        ],
      )
      const [latest] = deliveries[1]!.attempts
      const { response, request, ...rest } = attempt({ number: 5, outcome: 'failed' })
      assert.deepEqual(latest, {
        ...rest,
        request: null,
        response: { ...response, headers: [], body: new Uint8Array(), size: LARGE.length },
      })
      // What was sent is there, whatever came of it.
      assert.deepEqual(deliveries[1]!.send.headers, request!.headers)
      const whole = await store.inspect.delivery(1, keyOf(one, 1), null)
      assert.equal(whole!.isAbridged, false)
      assert.deepEqual(
        whole!.attempts.map(({ number, response: got }) => [number, got!.body.length]),
        [1, 2, 3, 4, 5].map((number) => [number, LARGE.length]),
      )
    }),
  )

  test(
    `${name} attempts: a delivery has its latest ones, and before these the others`,
    onStore(open, async (store) => {
      const one = await sent(store, 1)
      await tried(store, one, 0, MANY)
      await tried(store, one, 0, MANY, MANY + 1)
      assert.equal((await detail(store, one)).deliveries[0]!.isAbridged, true)
      const pages: number[][] = []
      let before: number | null = null
      do {
        const found = await store.inspect.delivery(1, keyOf(one, 0), before)
        const numbers = found!.attempts.map(({ number }) => number)
        pages.unshift(numbers)
        before = numbers[0]!
      } while (before > 1)
      assert.ok(pages.length > 1)
      assert.deepEqual(
        pages.flat(),
        Array.from({ length: 2 * MANY }, (_, i) => i + 1),
      )
      const none = await store.inspect.delivery(1, keyOf(one, 0), 1)
      assert.deepEqual(none!.attempts, [])
    }),
  )

  test(
    `${name} attempts: no delivery of another account is read, nor one that is not there`,
    onStore(open, async (store) => {
      const one = await sent(store, 1)
      assert.equal(await store.inspect.delivery(2, keyOf(one, 0), null), undefined)
      assert.equal(await store.inspect.delivery(1, keyOf(one, 1), null), undefined)
      assert.equal(await store.inspect.receivedEvent(2, one.id), undefined)
    }),
  )

  test(
    `${name} attempts: what came in is read without what became of it`,
    onStore(open, async (store) => {
      const one = await sent(store, 1)
      const { run: _, dest, deliveries, ...received } = await detail(store, one)
      assert.deepEqual([dest.total, deliveries.length], [1, 1])
      assert.deepEqual(await store.inspect.receivedEvent(1, one.id), received)
    }),
  )
}
