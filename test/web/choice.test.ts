/** What is chosen in a list: one by one, as a range, all that is loaded, all that match. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../src/model/limits.ts'
import {
  allOf,
  among,
  CHOICE_MOST,
  extended,
  isChosen,
  NOTHING_CHOSEN,
  toggled,
} from '../../web/model/choice.ts'
import type { Choice } from '../../web/model/choice.ts'

const order = ['a', 'b', 'c', 'd', 'e']
const idsOf = ({ ids }: Choice): string[] => [...ids].toSorted()

test('choice: rows are chosen one by one, and as a range from the last one in either direction', () => {
  const one = toggled(NOTHING_CHOSEN, 'd')
  assert.deepEqual(idsOf(one), ['d'])
  assert.deepEqual(idsOf(extended(one, 'b', order)), ['b', 'c', 'd'])
  assert.deepEqual(idsOf(extended(extended(one, 'b', order), 'e', order)), ['b', 'c', 'd', 'e'])
  assert.deepEqual(idsOf(extended(NOTHING_CHOSEN, 'c', order)), ['c'])
  assert.deepEqual(idsOf(toggled(one, 'd')), [])
})

test('choice: all that match takes in rows that are not loaded, and one click starts anew', () => {
  const before = '2026-11-23T08:00:00.000Z'
  const all = { ...NOTHING_CHOSEN, matching: { count: 9, isExact: true, before } }
  assert.ok(isChosen(all, 'not loaded'))
  assert.deepEqual(idsOf(toggled(all, 'a')), ['a'])
  assert.equal(toggled(all, 'a').matching, null)
})

test('choice: all that is loaded is chosen and let go with the same box, as many as a job takes', () => {
  const all = allOf(NOTHING_CHOSEN, order)
  assert.deepEqual(idsOf(all), order)
  assert.deepEqual(idsOf(allOf(all, order)), [])
  const many = Array.from({ length: CHOICE_MOST + 5 }, (_, i) => String(i))
  const most = allOf(NOTHING_CHOSEN, many)
  assert.equal(most.ids.size, limits.bulkIds)
  assert.equal(toggled(most, 'one more').ids.size, limits.bulkIds)
  assert.equal(extended({ ...most, anchor: '0' }, '1004', many).ids.size, limits.bulkIds)
})

test('choice: a row that leaves the list is not chosen any more', () => {
  const all = allOf(NOTHING_CHOSEN, order)
  assert.deepEqual(idsOf(among(all, ['b', 'x'])), ['b'])
  assert.equal(among(all, order), all)
})
