/** What a new node finds after the one before it was cut off. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt } from '../../../src/model/delivery.ts'
import { delivery, event, run, settlement } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { detail, everyOrigin, everyWorkflow, onStore } from './opened-store.ts'

export function recoveryConformance(name: string, open: Open): void {
  test(
    `${name} recovery: events that were running are free again, and their starts stay counted`,
    onStore(open, async (store, opened) => {
      const running = event()
      const waiting = event({ leased: false })
      const done = event()
      await store.admit([running, waiting, done])
      await store.finish(run(done), [])

      let next = await opened.crash()
      assert.deepEqual(next.recovered, { events: 1, interrupted: 0, held: 0 })
      assert.equal((await detail(next, running)).run!.status, 'queued')
      const starts = async () =>
        new Map((await next.adoptEvents(everyWorkflow)).map((one) => [one.id, one.starts]))
      assert.deepEqual(
        await starts(),
        new Map([
          [running.id, 1],
          [waiting.id, 0],
        ]),
      )

      next = await opened.crash()
      assert.deepEqual(
        await starts(),
        new Map([
          [running.id, 2],
          [waiting.id, 1],
        ]),
      )
    }),
  )

  test(
    `${name} recovery: a cut attempt is on record as interrupted and goes out again under its id`,
    onStore(open, async (store, opened) => {
      const accepted = event()
      await store.admit([accepted])
      await store.finish(run(accepted), [delivery(), delivery({ leased: false }, { index: 1 })])
      const cutAt = opened.clock.at
      opened.clock.at += 60_000
      const next = await opened.crash()
      assert.deepEqual(next.recovered, { events: 0, interrupted: 1, held: 0 })
      const [cut, waiting] = (await detail(next, accepted)).deliveries
      assert.equal(cut!.status, 'pending')
      assert.equal(cut!.dueAt, opened.clock.at)
      const [{ number, startedAt, outcome, error }] = cut!.attempts as [Attempt]
      assert.deepEqual(
        { number, startedAt, outcome },
        {
          number: 1,
          startedAt: cutAt,
          outcome: 'interrupted',
        },
      )
      assert.match(error!.message, /stopped before the end of this attempt was on record/)
      assert.deepEqual(waiting!.attempts, [])

      const tasks = await next.adoptDeliveries(everyOrigin)
      assert.deepEqual(
        tasks.map(({ id, attempt }) => ({ id, attempt })),
        [
          { id: waiting!.id, attempt: 1 },
          { id: cut!.id, attempt: 2 },
        ],
      )
    }),
  )

  test(
    `${name} recovery: an attempt is sent again each time a crash cuts it`,
    onStore(open, async (store, opened) => {
      const accepted = event()
      await store.admit([accepted])
      await store.finish(run(accepted), [delivery()])
      for (let crashes = 1; crashes <= 3; crashes++) {
        const next = await opened.crash()
        const [task] = await next.adoptDeliveries(everyOrigin)
        assert.equal(task!.attempt, crashes + 1)
      }
      const [found] = (await detail(opened.store(), accepted)).deliveries
      assert.deepEqual(
        found!.attempts.map((one) => one.number),
        [1, 2, 3],
      )
    }),
  )

  test(
    `${name} recovery: where the run says so, a cut delivery is held for a person`,
    onStore(open, async (store, opened) => {
      const accepted = event()
      await store.admit([accepted])
      await store.finish(run(accepted, { resendInterrupted: false }), [delivery()])
      const next = await opened.crash()
      assert.deepEqual(next.recovered, { events: 0, interrupted: 1, held: 1 })
      assert.deepEqual(await next.adoptDeliveries(everyOrigin), [])
      const [found] = (await detail(next, accepted)).deliveries
      assert.equal(found!.status, 'held')
      assert.equal(found!.attempts[0]!.outcome, 'interrupted')
      await next.redeliver(1, { eventId: accepted.id, step: 0, index: 0 })
      assert.equal((await next.adoptDeliveries(everyOrigin))[0]!.attempt, 2)
    }),
  )

  test(
    `${name} recovery: what had ended stays as it was`,
    onStore(open, async (store, opened) => {
      const accepted = event()
      await store.admit([accepted])
      await store.finish(run(accepted), [delivery()])
      await store.settle([settlement(accepted)])
      const before = await detail(store, accepted)
      const next = await opened.crash()
      assert.deepEqual(next.recovered, { events: 0, interrupted: 0, held: 0 })
      assert.deepEqual(await detail(next, accepted), before)
    }),
  )
}
