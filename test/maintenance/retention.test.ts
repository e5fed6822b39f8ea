/** What maintenance lets go of, on a real store, and the setting for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { IdSource } from '../../src/clock.ts'
import { expireEndedJobs } from '../../src/maintenance/expire-bulk-jobs.ts'
import { expireOld } from '../../src/maintenance/retention.ts'
import { limits } from '../../src/model/limits.ts'
import { openSqlite } from '../support/sqlite-folder.ts'
import { event, run } from '../support/store-values.ts'

const DAY_MS = 24 * 60 * 60 * 1000

test('retention: events older than the days that are set go, the others stay', async (t) => {
  const opened = await openSqlite()
  t.after(() => opened.close())
  const { clock, store } = opened
  const now = clock.at
  const ids = new IdSource(clock)
  const made = [31, 30.5, 29, 0].map((days) => {
    clock.at = now - days * DAY_MS
    return event({ id: ids.next('evt'), receivedAt: clock.at })
  })
  clock.at = now
  await store().admit(made)
  for (const one of made) await store().finish(run(one), [])
  const told: unknown[] = []
  const log = { error: assert.fail, info: (_: string, fields?: object) => void told.push(fields) }
  await expireOld({ store: store(), clock, log }, 30, new AbortController().signal)
  const { data } = await store().inspect.listEvents(1, 'wf_a', {}, 50, null)
  assert.deepEqual(
    data.map(({ id }) => id),
    [made[3]!.id, made[2]!.id],
  )
  assert.deepEqual(told, [{ deleted: 2, days: 30 }])
})

test('bulk expiry: jobs that ended a week ago go, all of them, and none that runs', async (t) => {
  const opened = await openSqlite()
  t.after(() => opened.close())
  const { clock, store } = opened
  const ids = new IdSource(clock)
  const make = async (): Promise<string> => {
    const id = ids.next('bulk')
    const work = { action: 'redeliver', filter: {} } as const
    await store().createBulkJob({ ...work, accountId: 1, id, rate: 1 })
    return id
  }
  const running = await make()
  const old: string[] = []
  for (let i = 0; i <= limits.bulkExpiryBatch; i++) {
    const id = await make()
    await store().cancelBulkJob(1, id)
    old.push(id)
  }
  clock.at += limits.bulkJobsKeptMs
  const late = await make()
  await store().cancelBulkJob(1, late)
  clock.at += 1
  await expireEndedJobs({ store: store(), clock }, new AbortController().signal)
  const left = await Promise.all([running, ...old, late].map((id) => store().readBulkJob(1, id)))
  assert.deepEqual(
    left.flatMap((one) => one?.id ?? []),
    [running, late],
  )
})

test('retention: 30 days unless SENDOFF_RETENTION_DAYS says otherwise; 0 keeps everything', () => {
  const days = (value?: string) =>
    readConfig({
      flags: {},
      file: {},
      env: value === undefined ? {} : { SENDOFF_RETENTION_DAYS: value },
    }).retentionDays
  assert.deepEqual([days(), days('7'), days('0')], [30, 7, 0])
  assert.throws(() => days('-1'), /SENDOFF_RETENTION_DAYS must be a whole number from 0/)
})
