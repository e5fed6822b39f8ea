/** Retention on a real store, and its setting. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { IdSource } from '../../src/clock.ts'
import { expireOld } from '../../src/maintenance/retention.ts'
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
