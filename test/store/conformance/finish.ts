/** Run finished with its sends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { delivery, event, outcome, run } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { detail, everyOrigin, hasCode, onStore } from './opened-store.ts'

export function finishConformance(name: string, open: Open): void {
  test(
    `${name} finish: the run and its deliveries are read back as they were given, in call order`,
    onStore(open, async (store, { clock }) => {
      const accepted = event()
      await store.admit([accepted])
      const sends = [
        delivery({}, { step: 1, stepName: 'b', index: 0, body: null, signed: true }),
        delivery({ leased: false }, { index: 1, retry: { attempts: 3, schedule: [5, 30] } }),
        delivery({}, { index: 0, retry: false, body: new Uint8Array(0), followRedirects: 2 }),
      ]
      const ended = run(accepted, {
        outcome: outcome({ status: 'failed', message: 'EXCEPTION x' }),
      })
      assert.deepEqual(await store.finish(ended, sends), { created: true })

      const found = await detail(store, accepted)
      const { id, late, ...rest } = found.run!
      assert.deepEqual(rest, ended.outcome)
      assert.deepEqual(late, [])
      assert.equal(id, accepted.id.replace('evt_', 'run_'))
      assert.deepEqual(
        found.deliveries.map((one) => one.send),
        [sends[2]!.send, sends[1]!.send, sends[0]!.send],
      )
      assert.deepEqual(
        found.deliveries.map(({ status, dueAt, attempts }) => ({ status, dueAt, attempts })),
        ['sending', 'pending', 'sending'].map((status) => ({
          status,
          dueAt: clock.at,
          attempts: [],
        })),
      )
      assert.deepEqual(found.dest, { delivered: 0, total: 3, failed: 0 })
    }),
  )

  test(
    `${name} finish: a second call changes nothing, whatever it brings`,
    onStore(open, async (store) => {
      const accepted = event()
      await store.admit([accepted])
      await store.finish(run(accepted), [delivery()])
      const before = await detail(store, accepted)
      const other = run(accepted, { outcome: outcome({ status: 'timed_out' }) })
      const two = [delivery(), delivery({}, { index: 1 })]
      assert.deepEqual(await store.finish(other, two), { created: false })
      assert.deepEqual(await detail(store, accepted), before)
    }),
  )

  test(
    `${name} finish: when two calls race, one creates`,
    onStore(open, async (store) => {
      const accepted = event()
      await store.admit([accepted])
      const calls = Array.from({ length: 5 }, () => store.finish(run(accepted), [delivery()]))
      const created = (await Promise.all(calls)).filter((answer) => answer.created)
      assert.equal(created.length, 1)
      assert.equal((await detail(store, accepted)).deliveries.length, 1)
    }),
  )

  test(
    `${name} finish: a run whose sends cannot be stored leaves no trace`,
    onStore(open, async (store) => {
      const accepted = event()
      await store.admit([accepted])
      await assert.rejects(store.finish(run(accepted), [delivery(), delivery()]))
      const found = await detail(store, accepted)
      assert.equal(found.run!.status, 'running')
      assert.deepEqual(found.deliveries, [])
      assert.deepEqual(await store.finish(run(accepted), [delivery()]), { created: true })
    }),
  )

  test(
    `${name} finish: an event that is not there, or was refused, has no run to finish`,
    onStore(open, async (store) => {
      const refused = event({ error: { code: 'body_too_large', message: 'too large' } })
      await store.admit([refused])
      await assert.rejects(store.finish(run(refused), []), hasCode('not_found'))
      await assert.rejects(store.finish(run(event()), []), hasCode('not_found'))
    }),
  )

  test(
    `${name} finish: [208] two accounts that share ids do not meet`,
    onStore(open, async (store) => {
      const mine = event()
      const theirs = event({ id: mine.id, accountId: 2 })
      await store.admit([mine, theirs])
      await store.finish(run(mine), [delivery({ leased: false })])
      assert.equal((await detail(store, theirs)).run!.status, 'running')
      assert.deepEqual((await detail(store, theirs)).deliveries, [])
      await store.finish(run(theirs, { outcome: outcome({ status: 'failed' }) }), [])
      assert.equal((await detail(store, mine)).run!.status, 'succeeded')
      const tasks = await store.adoptDeliveries(everyOrigin)
      assert.deepEqual(
        tasks.map((task) => task.accountId),
        [1],
      )
    }),
  )

  test(
    `${name} appendLate: what happened after the run is added to it, in order`,
    onStore(open, async (store) => {
      const accepted = event()
      await store.admit([accepted])
      await store.finish(run(accepted), [])
      const entry = (text: string) => ({ at: 1, level: 'error', text }) as const
      for (const text of ['one', 'two']) {
        await store.appendLate(1, accepted.id, 'nodejs', entry(text))
      }
      const { late } = (await detail(store, accepted)).run!
      assert.deepEqual(late, [
        { ...entry('one'), step: 'nodejs' },
        { ...entry('two'), step: 'nodejs' },
      ])
    }),
  )
}
