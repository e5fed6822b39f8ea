/** Work in bulk: a step and its progress are one commit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BulkItem, NewBulkJob } from '../../../src/model/bulk.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import { limits } from '../../../src/model/limits.ts'
import type { Store } from '../../../src/store/store.ts'
import { definition, delivery, event, ids, run, settlement } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { detail, everyOrigin, everyWorkflow, hasCode, onStore } from './opened-store.ts'

const job = (over: Partial<NewBulkJob> = {}): NewBulkJob => ({
  accountId: 1,
  id: ids.next('bulk'),
  rate: 50,
  action: 'redeliver',
  filter: { status: 'failed' },
  ...(over as object),
})

/** An event whose deliveries have failed. */
async function failed(store: Store, count: number) {
  const one = event()
  await store.admit([one])
  const sends = Array.from({ length: count }, (_, index) => delivery({}, { index }))
  await store.finish(run(one), sends)
  for (const index of sends.keys()) {
    await store.settle([settlement(one, { index, status: 'failed', code: 'reset' })])
  }
  const items = sends.map((_, index): BulkItem => ({
    kind: 'redeliver',
    deliveryId: deliveryId(one.id, 0, index),
  }))
  return { one, items }
}

export function bulkJobsConformance(name: string, open: Open): void {
  test(
    `${name} bulk: a job is kept as it was asked for, until it ends`,
    onStore(open, async (store, { clock, crash }) => {
      const asked = job()
      await store.createBulkJob(asked)
      await store.noteBulkTotal(1, asked.id, 7)
      const again = await crash()
      const kept = {
        ...asked,
        state: 'running',
        total: 7,
        done: 0,
        failed: 0,
        message: null,
        cursor: null,
        createdAt: clock.at,
        finishedAt: null,
      }
      assert.deepEqual(await again.listOpenBulkJobs(), [kept])
      assert.equal(await again.readBulkJob(2, asked.id), undefined)
      assert.equal(await again.cancelBulkJob(2, asked.id), false)
      assert.equal(await again.cancelBulkJob(1, asked.id), true)
      const ended = { ...kept, state: 'canceled', finishedAt: clock.at }
      assert.deepEqual(await again.readBulkJob(1, asked.id), ended)
      assert.deepEqual(await again.listOpenBulkJobs(), [])
    }),
  )

  test(
    `${name} bulk: jobs are listed newest first, of one account, by pages and by state`,
    onStore(open, async (store) => {
      // Ids of one millisecond are in no order of their own.
      const asked = [job(), job(), job()].toSorted((one, other) => (one.id < other.id ? -1 : 1))
      for (const one of [...asked, job({ accountId: 2 })]) await store.createBulkJob(one)
      const [first, second, third] = asked.map(({ id }) => id)
      await store.cancelBulkJob(1, second!)
      const list = async (
        state: 'running' | 'done' | 'canceled' | null,
        limit: number,
        cursor: string | null = null,
      ) => {
        const { data, nextCursor } = await store.listBulkJobs(1, state, limit, cursor)
        return [data.map(({ id }) => id), nextCursor]
      }
      assert.deepEqual(await list(null, 3), [[third, second, first], null])
      assert.deepEqual(await list(null, 2), [[third, second], second])
      assert.deepEqual(await list(null, 2, second), [[first], null])
      assert.deepEqual(await list('running', 1), [[third], third])
      assert.deepEqual(await list('running', 1, third), [[first], null])
      assert.deepEqual(await list('canceled', 5), [[second], null])
      assert.deepEqual(await list('done', 5), [[], null])
      const { data } = await store.listBulkJobs(1, null, 1, null)
      assert.deepEqual(data[0], await store.readBulkJob(1, third!))
    }),
  )

  test(
    `${name} bulk: a step that is sent twice does its items once`,
    onStore(open, async (store) => {
      const { one, items } = await failed(store, 3)
      const asked = job()
      await store.createBulkJob(asked)
      const step = { items: items.slice(0, 2), from: null, next: 'here' }
      const after = await store.stepBulkJob(1, asked.id, step)
      assert.deepEqual([after!.done, after!.cursor, after!.state], [2, 'here', 'running'])
      const states = async () => (await detail(store, one)).deliveries.map(({ status }) => status)
      assert.deepEqual(await states(), ['pending', 'pending', 'failed'])
      await store.adoptDeliveries(everyOrigin)
      assert.deepEqual(await store.stepBulkJob(1, asked.id, step), after)
      const last = { items: items.slice(2), from: 'here', next: null }
      const done = await store.stepBulkJob(1, asked.id, last)
      assert.deepEqual([done!.done, done!.total, done!.state], [3, 3, 'done'])
      assert.deepEqual(await store.stepBulkJob(1, asked.id, last), done)
    }),
  )

  test(
    `${name} bulk: an item that cannot be done is counted, and the last one says why`,
    onStore(open, async (store) => {
      const { items } = await failed(store, 1)
      const stray: BulkItem = { kind: 'redeliver', deliveryId: deliveryId(event().id, 0, 0) }
      const asked = job()
      await store.createBulkJob(asked)
      const step = { items: [stray, ...items], from: null, next: null }
      const { done, failed: lost, message } = (await store.stepBulkJob(1, asked.id, step))!
      assert.deepEqual([done, lost], [1, 1])
      assert.match(message!, /^Cannot find delivery dlv_/)
    }),
  )

  test(
    `${name} bulk: after a cancel no item is done any more`,
    onStore(open, async (store) => {
      const { one, items } = await failed(store, 1)
      const asked = job()
      await store.createBulkJob(asked)
      await store.cancelBulkJob(1, asked.id)
      const after = await store.stepBulkJob(1, asked.id, { items, from: null, next: null })
      assert.deepEqual([after!.state, after!.done], ['canceled', 0])
      assert.equal((await detail(store, one)).deliveries[0]!.status, 'failed')
    }),
  )

  test(
    `${name} bulk: a replay is a new event with the same bytes, and waits to be run`,
    onStore(open, async (store, { clock }) => {
      const workflow = await store.createWorkflow(1, 'wf_a', 'key', definition())
      await store.updateWorkflow(1, 'wf_a', definition({ name: 'renamed' }))
      const [origin, refused, orphan] = [
        event(),
        event({ error: { code: 'body_too_large', message: 'too large' } }),
        event({ workflowId: 'wf_gone' }),
      ] as const
      await store.admit([origin, refused, orphan])
      const reasons = []
      for (const runOn of ['latest', 'original'] as const) {
        const asked = job({ action: 'replay', filter: { runOn } })
        await store.createBulkJob(asked)
        const newId = ids.next('evt')
        const items = [refused, orphan, origin].map(({ id }, n): BulkItem => ({
          kind: 'replay',
          eventId: id,
          newId: n < 2 ? ids.next('evt') : newId,
        }))
        const after = (await store.stepBulkJob(1, asked.id, { items, from: null, next: null }))!
        assert.deepEqual([after.done, after.failed], [1, 2])
        reasons.push(after.message)
        const made = (await store.inspect.event(1, newId))!
        assert.equal(made.replayOf, origin.id)
        assert.equal(made.version, runOn === 'latest' ? 2 : workflow.version)
        assert.equal(made.receivedAt, clock.at)
        assert.deepEqual(made.request, origin.request)
        assert.equal(made.run!.status, 'queued')
      }
      assert.match(reasons[0]!, /its workflow was deleted/)
      assert.equal((await store.adoptEvents(everyWorkflow)).length, 2)
    }),
  )

  test(
    `${name} bulk: those that ended before an instant go, a bounded number at a time; those that run stay`,
    onStore(open, async (store, { clock }) => {
      const [running, ...ended] = Array.from({ length: 4 }, (_, i) =>
        job({ accountId: 1 + (i % 2) }),
      )
      for (const one of [running!, ...ended]) await store.createBulkJob(one)
      const at = clock.at
      for (const one of ended) {
        clock.at += 1_000
        await store.cancelBulkJob(one.accountId, one.id)
      }
      assert.equal(await store.expireBulkJobs(at + 1_000, 10), 0)
      assert.equal(await store.expireBulkJobs(at + 3_000, 1), 1)
      assert.equal(await store.expireBulkJobs(at + 3_000, 10), 1)
      const found = await Promise.all(
        [running!, ...ended].map((one) => store.readBulkJob(one.accountId, one.id)),
      )
      assert.deepEqual(
        found.map((one) => one?.state),
        ['running', undefined, undefined, 'canceled'],
      )
    }),
  )

  test(
    `${name} bulk: of those that ended, the latest ${limits.bulkJobsKept} of an account stay`,
    onStore(open, async (store, { clock }) => {
      const jobs = Array.from({ length: limits.bulkJobsKept + 3 }, () => job())
      for (const one of jobs) {
        clock.at += 1
        await store.createBulkJob(one)
        await store.cancelBulkJob(1, one.id)
      }
      const kept = async (n: number) => (await store.readBulkJob(1, jobs[n]!.id)) !== undefined
      assert.deepEqual([await kept(0), await kept(1), await kept(2)], [false, false, true])
    }),
  )

  test(
    `${name} bulk: an account has at most ${limits.bulkJobs} jobs that run`,
    onStore(open, async (store) => {
      const jobs = Array.from({ length: limits.bulkJobs }, () => job())
      for (const one of jobs) await store.createBulkJob(one)
      await store.createBulkJob(job({ accountId: 2 }))
      await assert.rejects(store.createBulkJob(job()), hasCode('conflict'))
      await store.cancelBulkJob(1, jobs[0]!.id)
      await store.createBulkJob(job())
    }),
  )
}
