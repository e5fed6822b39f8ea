/** A bounded map that keeps what is in use. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { RecentMap } from '../../src/ingest/recent-map.ts'

test('recent map: it holds at most twice its capacity, and the last `capacity` keys used', () => {
  const uses = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), uses, fc.nat(7), (capacity, keys, choice) => {
      const map = new RecentMap<number, string>(capacity)
      for (const key of keys) {
        if (map.get(key) === undefined) map.set(key, `value ${key}`)
        assert.ok(map.size <= 2 * capacity)
      }
      const recent = [...new Set(keys.toReversed())].slice(0, capacity)
      const chosen = recent[choice % recent.length]!
      assert.equal(map.get(chosen), `value ${chosen}`)
    }),
  )
})

test('recent map: what is deleted is gone, whichever generation held it', () => {
  const map = new RecentMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('c', 3)
  map.delete('a')
  map.delete('c')
  assert.deepEqual([map.get('a'), map.get('b'), map.get('c')], [undefined, 2, undefined])
})
