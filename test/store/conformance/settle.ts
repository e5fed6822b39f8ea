/** Delivery settled with its attempt. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewEvent } from '../../../src/model/event.ts'
import type { Store } from '../../../src/store/store.ts'
import { attempt, delivery, event, run, settlement } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { detail, everyOrigin, hasCode, onStore } from './opened-store.ts'

const key = (of: NewEvent) => ({ eventId: of.id, step: 0, index: 0 })

async function sending(store: Store): Promise<NewEvent> {
  const accepted = event()
  await store.admit([accepted])
  await store.finish(run(accepted), [delivery()])
  return accepted
}

export function settleConformance(name: string, open: Open): void {
  test(
    `${name} settle: the attempt is read back as it was given, and the delivery has ended`,
    onStore(open, async (store) => {
      const delivered = await sending(store)
      const failed = await sending(store)
      const bare = attempt({
        outcome: 'failed',
        code: 'dns',
        remoteAddress: null,
        timings: null,
        request: null,
        response: null,
        error: { message: 'no such host', detail: null },
      })
      await store.settle([
        settlement(delivered),
        settlement(failed, { attempt: bare, status: 'failed', code: 'dns' }),
      ])
      const [good] = (await detail(store, delivered)).deliveries
      const { attempts, status, code, dueAt } = good!
      assert.deepEqual(
        { attempts, status, code, dueAt },
        {
          attempts: [attempt()],
          status: 'delivered',
          code: null,
          dueAt: null,
        },
      )
      const found = await detail(store, failed)
      assert.deepEqual(found.deliveries[0]!.attempts, [bare])
      assert.equal(found.deliveries[0]!.code, 'dns')
      assert.deepEqual(found.dest, { delivered: 0, total: 1, failed: 1 })
    }),
  )

  test(
    `${name} settle: the same attempt number again changes nothing`,
    onStore(open, async (store) => {
      const accepted = await sending(store)
      await store.settle([settlement(accepted)])
      const before = await detail(store, accepted)
      const other = attempt({ outcome: 'failed', code: 'reset' })
      await store.settle([
        settlement(accepted, { attempt: other, status: 'failed', code: 'reset' }),
      ])
      assert.deepEqual(await detail(store, accepted), before)
    }),
  )

  test(
    `${name} settle: a retry waits until it is due, then its second attempt begins`,
    onStore(open, async (store, { clock }) => {
      const accepted = await sending(store)
      const failed = attempt({ outcome: 'failed', code: 'timeout' })
      const dueAt = clock.at + 5_000
      await store.settle([
        settlement(accepted, { attempt: failed, status: 'pending', code: 'timeout', dueAt }),
      ])
      assert.deepEqual(await store.adoptDeliveries(everyOrigin), [])
      clock.at = dueAt
      const [task] = await store.adoptDeliveries(everyOrigin)
      assert.equal(task!.attempt, 2)
      assert.equal(task!.dueAt, dueAt)

      await store.settle([settlement(accepted, { attempt: attempt({ number: 2 }) })])
      const found = (await detail(store, accepted)).deliveries[0]!
      assert.equal(found.status, 'delivered')
      assert.deepEqual(
        found.attempts.map((one) => one.number),
        [1, 2],
      )
    }),
  )

  test(
    `${name} settle: an attempt that is not the one under way stays on record and decides nothing`,
    onStore(open, async (store, { clock }) => {
      const accepted = await sending(store)
      const failed = attempt({ outcome: 'failed', code: 'reset' })
      await store.settle([
        settlement(accepted, { attempt: failed, status: 'pending', dueAt: clock.at }),
      ])
      await store.cancel(1, key(accepted))
      await store.settle([settlement(accepted, { attempt: attempt({ number: 2 }) })])
      const found = (await detail(store, accepted)).deliveries[0]!
      assert.equal(found.status, 'canceled')
      assert.deepEqual(
        found.attempts.map((one) => one.number),
        [1, 2],
      )
    }),
  )

  test(
    `${name} redeliver: an ended delivery is due now, once more, under the next number`,
    onStore(open, async (store, { clock }) => {
      const accepted = await sending(store)
      await assert.rejects(store.redeliver(1, key(accepted)), hasCode('conflict'))
      await store.settle([settlement(accepted, { status: 'failed', code: 'http_status' })])
      clock.at += 60_000
      await store.redeliver(1, key(accepted))
      const { status, code, dueAt } = (await detail(store, accepted)).deliveries[0]!
      assert.deepEqual({ status, code, dueAt }, { status: 'pending', code: null, dueAt: clock.at })
      const [task] = await store.adoptDeliveries(everyOrigin)
      assert.equal(task!.attempt, 2)
      assert.deepEqual(task!.send, delivery().send)
    }),
  )

  test(
    `${name} redeliver: a delivery that waits for a retry is brought forward`,
    onStore(open, async (store, { clock }) => {
      const accepted = await sending(store)
      const dueAt = clock.at + 1_000_000
      await store.settle([settlement(accepted, { status: 'pending', dueAt })])
      await store.redeliver(1, key(accepted))
      assert.equal((await store.adoptDeliveries(everyOrigin)).length, 1)
    }),
  )

  test(
    `${name} cancel: only a delivery that waits can be canceled`,
    onStore(open, async (store) => {
      const accepted = await sending(store)
      await assert.rejects(store.cancel(1, key(accepted)), hasCode('conflict'))
      await store.settle([settlement(accepted, { status: 'held' })])
      await store.cancel(1, key(accepted))
      assert.equal((await detail(store, accepted)).deliveries[0]!.status, 'canceled')
      await assert.rejects(store.cancel(1, key(accepted)), hasCode('conflict'))
      await assert.rejects(store.cancel(2, key(accepted)), hasCode('not_found'))
      await assert.rejects(store.redeliver(2, key(accepted)), hasCode('not_found'))
    }),
  )
}
