/** How durations, sizes and counts read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { count, duration, plural, size } from '../../web/model/quantity.ts'

test('quantity: durations are written with what matters of them', () => {
  const written = {
    0: '0 ms',
    0.01: '0.1 ms',
    0.94: '1.0 ms',
    0.96: '1 ms',
    999.4: '999 ms',
    999.6: '1.0 s',
    59_949: '59.9 s',
    59_950: '1 min 0 s',
    125_000: '2 min 5 s',
    3_599_400: '59 min 59 s',
    3_599_600: '1 h 0 min',
    21_720_000: '6 h 2 min',
    90_000_000: '25 h 0 min',
  }
  for (const [ms, text] of Object.entries(written)) assert.equal(duration(Number(ms)), text, ms)
})

test('quantity: sizes go by thousands, counts have commas, nouns their number', () => {
  const sizes = [0, 999, 1_000, 999_949, 999_950, 3_400_000_000, 5e12].map(size)
  assert.deepEqual(sizes, ['0 B', '999 B', '1.0 kB', '999.9 kB', '1.0 MB', '3.4 GB', '5000.0 GB'])
  assert.deepEqual([0, 999, 1_204, 1_234_567].map(count), ['0', '999', '1,204', '1,234,567'])
  assert.deepEqual(
    [plural(1, 'send'), plural(0, 'send'), plural(1_000, 'delivery', 'deliveries')],
    ['1 send', '0 sends', '1,000 deliveries'],
  )
})
