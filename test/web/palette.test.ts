/** What the palette finds for what is typed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matching } from '../../web/model/palette.ts'

const entries = [
  { name: 'Versions: compare, revert', group: 'Orders', also: 'diff history' },
  { name: 'Replay on v3, the latest', group: 'Selected event', also: 'run again' },
  { name: 'Dry run', group: 'Selected event', also: 'test try' },
  { name: 'Go to diffuse', group: 'Step' },
]
const found = (typed: string) => matching(entries, typed).map(({ name }) => name)

test('palette: names come first, the start of a name before its middle', () => {
  assert.deepEqual(found('dr')[0], 'Dry run')
  assert.deepEqual(found('replay')[0], 'Replay on v3, the latest')
  assert.equal(found('').length, entries.length)
  assert.deepEqual(found('qqq'), [])
})

test('palette: other words for the same find it too, after what is called so', () => {
  assert.deepEqual(found('diff'), ['Go to diffuse', 'Versions: compare, revert'])
  assert.deepEqual(found('test'), ['Dry run', 'Replay on v3, the latest'])
})

test('palette: words may come in any order and name what it is done to', () => {
  assert.deepEqual(found('event run'), ['Replay on v3, the latest', 'Dry run'])
})
