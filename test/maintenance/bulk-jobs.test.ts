/** Bulk jobs whose store is away for a while: see test/app/bulk.test.ts for what they do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IdSource, systemClock } from '../../src/clock.ts'
import { BulkJobs } from '../../src/maintenance/bulk-jobs.ts'
import { AppError } from '../../src/errors.ts'
import type { BulkJob } from '../../src/model/bulk.ts'

const JOB: BulkJob = {
  accountId: 1,
  id: 'bulk_1',
  action: 'redeliver',
  filter: { ids: ['dlv_1'] },
  rate: 1,
  state: 'running',
  total: 1,
  done: 0,
  failed: 0,
  message: null,
  cursor: null,
  createdAt: 0,
  finishedAt: null,
}
const notAsked = () => Promise.reject(new Error('this job reads no list'))

test('bulk: a job that begins while the store is away is taken up when it is back', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const logged: string[] = []
  const stepped = Promise.withResolvers<string>()
  let answers = 0
  const jobs = new BulkJobs({
    store: {
      async listOpenBulkJobs() {
        if (answers++ === 0) throw new AppError('store_unavailable', { reason: 'the disk is full' })
        return [JOB]
      },
      noteBulkTotal: async () => undefined,
      async stepBulkJob(_, id) {
        stepped.resolve(id)
        return { ...JOB, state: 'done' }
      },
      inspect: { listEvents: notAsked, listDeliveries: notAsked, deliveryStatus: notAsked },
    },
    clock: systemClock,
    ids: new IdSource(systemClock),
    notifier: { publish: () => undefined },
    deliveries: { wake: () => undefined, probe: () => undefined },
    log: { error: (message) => logged.push(message) },
    variables: { of: async () => ({ secrets: [] }) },
  })
  const woken = jobs.wake()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(logged, ['bulk jobs not read'])
  context.mock.timers.tick(5_000)
  await woken
  assert.equal(await stepped.promise, JOB.id)
  await jobs.stop()
})
