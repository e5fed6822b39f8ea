/** The live lists: what a new reading of the rows changes, what it leaves as it was, and the days between. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventRowWire } from '../../src/inspector/wire-event.ts'
import { dayRows } from '../../web/model/day-rows.ts'
import { isByEventTime } from '../../web/model/delivery-filter.ts'
import { filterHints, readSearch } from '../../web/model/search-words.ts'
import { byId, byTime, release, startFeed, takeAgain, takeNewest } from '../../web/model/feed.ts'

const row = (n: number, over: Partial<EventRowWire> = {}): EventRowWire => ({
  id: `evt_${n}`,
  receivedAt: `2026-11-23T08:00:0${n}.000Z`,
  method: 'POST',
  path: '/',
  status: 'succeeded',
  version: 1,
  durationMs: 1,
  message: null,
  dest: { delivered: 0, total: 1 },
  failed: 0,
  replayOf: null,
  error: null,
  ...over,
})
const ordering = {
  order: byTime,
  behind: ({ receivedAt }: EventRowWire) => ({ before: receivedAt }),
}
const feed = startFeed({ rows: [row(3), row(2), row(1)], older: null })

test('feed: rows that come back as they were stay the same objects, so nothing is drawn again', () => {
  const same = takeNewest(ordering, feed, { rows: [row(3), row(2), row(1)], older: null })
  assert.equal(same.rows, feed.rows)
  const delivered = row(2, { dest: { delivered: 1, total: 1 } })
  const next = takeAgain(ordering, feed, { rows: [row(3), delivered, row(1)], older: null })
  assert.equal(next.rows[0], feed.rows[0])
  assert.equal(next.rows[1], delivered)
})

test('feed: new rows are held until they are let in, and one that the span lacks is gone', () => {
  const block = { rows: [row(5), row(4), row(3), row(1)], older: { cursor: 'x' } }
  const held = takeNewest(ordering, feed, block)
  assert.deepEqual([held.heldCount, held.rows.map(({ id }) => id)], [2, ['evt_3', 'evt_1']])
  const shown = release(ordering, held).rows.map(({ id }) => id)
  assert.deepEqual(shown, ['evt_5', 'evt_4', 'evt_3', 'evt_1'])
})

test('feed: across rows that were not read only the new ones stay, and the rest is read again', () => {
  const far = takeNewest(ordering, feed, { rows: [row(9), row(8)], older: { cursor: 'x' } })
  const shown = release(ordering, far)
  assert.deepEqual([shown.rows.length, shown.older], [2, { before: row(8).receivedAt }])
})

test('feed: deliveries are in the order of the list that the server makes of their filter', () => {
  const [early, late] = [row(1, { receivedAt: row(9).receivedAt }), row(2)]
  assert.ok(byTime(early, late) < 0 && byId(early, late) > 0)
  assert.ok(isByEventTime({ workflow: 'wf_1', status: 'delivered' }))
  assert.equal(isByEventTime({ workflow: 'wf_1', status: 'failed' }), false)
  assert.equal(isByEventTime({ status: 'delivered' }), false)
})

test('days: a heading stands where another day of the reader begins', () => {
  const at = (day: number, hour: number, ms = 0) =>
    row(1, { receivedAt: new Date(2026, 10, day, hour, 0, 0, ms).toISOString() })
  const rows = [at(23, 9), at(23, 0), at(22, 23, 999), at(20, 12)]
  const lines = dayRows(rows, new Date(2026, 10, 23, 12).getTime(), 'en')
  assert.deepEqual(
    lines.map((line) => (line.kind === 'day' ? line.label : '-')),
    ['Today', '-', '-', 'Yesterday', '-', 'Friday, November 20', '-'],
  )
  assert.equal(new Set(lines.filter(({ kind }) => kind === 'day').map(({ key }) => key)).size, 3)
})

test('search: a span of time is two words, in the reader’s own time zone', () => {
  const { filter, chips, mistakes } = readSearch('after:2026-11-22T10:00 order before:2026-11-23')
  assert.deepEqual(filter, {
    q: 'order',
    after: new Date(2026, 10, 22, 10).toISOString(),
    before: new Date(2026, 10, 23).toISOString(),
  })
  assert.deepEqual([chips.length, mistakes], [2, []])
  assert.match(readSearch('after:noon').mistakes[0]!, /^after is a date such as/)
})

test('search: of two filters of one kind the second is said to be left out', () => {
  const { filter, chips, mistakes } = readSearch('status:failed status:ended x')
  assert.deepEqual([filter, chips], [{ q: 'x', status: 'failed' }, ['status:failed']])
  assert.deepEqual(mistakes, ['status is there already: status:ended is left out'])
})

test('search: filters are offered that the text has not, each one that is understood', () => {
  const hints = filterHints('', 3, '2026-11-26')
  assert.deepEqual(hints, ['status:failed', 'delivery:failed', 'version:3', 'after:2026-11-26'])
  const { chips, mistakes } = readSearch(hints.join(' '))
  assert.deepEqual([chips.length, mistakes], [4, []])
  assert.deepEqual(filterHints('order Status:x after:', 1, ''), ['delivery:failed', 'version:1'])
})
