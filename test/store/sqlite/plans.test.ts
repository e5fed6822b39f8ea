/**
 * How SQLite goes about the reads that pages ask for again and again: along an index, also where a plan that
 * walks a table would not be noticed before there are a million rows.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { listDeliveries } from '../../../src/store/read-deliveries.ts'
import { readBacklog } from '../../../src/store/read-event.ts'
import { openReader } from '../../../src/store/sqlite/open-database.ts'
import { kyselyOver } from '../../../src/store/sqlite/sqlite-kysely.ts'
import { openSqlite } from '../../support/sqlite-folder.ts'
import { delivery, event, run, settlement } from '../../support/store-values.ts'

/** The plan of every statement that a read makes, a line for each table. */
async function planner(t: TestContext) {
  const opened = await openSqlite()
  t.after(() => opened.close())
  const one = event({ leased: false })
  const sent = event()
  await opened.store().admit([one, sent])
  await opened.store().finish(run(sent), [delivery()])
  await opened.store().settle([settlement(sent, { status: 'failed', code: 'reset' })])
  const database = openReader(opened.folder)
  t.after(() => database.close())
  const seen: string[] = []
  const db = kyselyOver(
    new Proxy(database, {
      get: (of, name) =>
        name === 'prepare'
          ? (sql: string) => {
              seen.push(sql)
              return of.prepare(sql)
            }
          : (Reflect.get(of, name) as unknown),
    }),
  )
  const plans = (): string[] =>
    seen.flatMap((sql) =>
      database
        .prepare(`explain query plan ${sql}`)
        .all()
        .map(({ detail }) => String(detail)),
    )
  return { db, plans }
}

test('sqlite plans: what waits is told without a look at events and deliveries that are done', async (t) => {
  const { db, plans } = await planner(t)
  assert.equal((await readBacklog(db)).queuedEvents, 1)
  const lines = plans().filter((line) => /^(?:SCAN|SEARCH) (?:e|event|delivery)\b/.test(line))
  assert.deepEqual(lines.toSorted(), [
    'SCAN delivery USING COVERING INDEX delivery_pending',
    'SCAN delivery USING COVERING INDEX delivery_sending',
    'SEARCH event USING INDEX sqlite_autoindex_event_1 (account_id=? AND id=?)',
  ])
})

test('sqlite plans: deliveries that need somebody are found along their own index', async (t) => {
  const { db, plans } = await planner(t)
  const deps = { db, clock: systemClock }
  for (const status of ['failed', 'held', 'blocked', 'canceled'] as const) {
    const { data } = await listDeliveries(deps, 1, { status }, 50, null)
    assert.equal(data.length, status === 'failed' ? 1 : 0)
  }
  const lines = plans().filter((line) => /\b(?:delivery|d)\b/.test(line))
  assert.ok(lines.some((line) => line.includes('delivery_in_need (account_id=? AND status=?')))
  assert.deepEqual(
    lines.filter((line) => line.startsWith('SCAN') || line.endsWith('PRIMARY KEY (account_id=?)')),
    [],
  )
})
