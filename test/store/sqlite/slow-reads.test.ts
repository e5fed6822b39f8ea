/** Lists on a machine on which time flies: what costs next to nothing is not cut, what may cost much is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { limits } from '../../../src/model/limits.ts'
import { listEvents } from '../../../src/store/read-events.ts'
import { openReader } from '../../../src/store/sqlite/open-database.ts'
import { kyselyOver } from '../../../src/store/sqlite/sqlite-kysely.ts'
import { openSqlite } from '../../support/sqlite-folder.ts'
import { event } from '../../support/store-values.ts'

test('store: a list without a filter is whole however slow the machine, a search is cut', async (t) => {
  const opened = await openSqlite()
  t.after(() => opened.close())
  await opened.store().admit([event(), event(), event()])
  const database = openReader(opened.folder)
  t.after(() => database.close())
  let now = 0
  const clock = { ...systemClock, monotonicMs: () => (now += limits.searchMs + 1) }
  const deps = { db: kyselyOver(database), clock }
  const list = (filter: object) => listEvents(deps, 1, 'wf_a', filter, 50, null)
  const { data, nextCursor } = await list({})
  assert.deepEqual([data.length, nextCursor], [3, null])
  const searched = await list({ version: 1 })
  assert.equal(searched.data.length, 1)
  assert.notEqual(searched.nextCursor, null)
})
