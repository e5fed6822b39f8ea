/** The token bucket, against a model of what it promises. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { RateLimit } from '../../src/ingest/rate-limit.ts'

function setUp(capacity?: number) {
  let now = 0
  const limit = new RateLimit({ monotonicMs: () => now }, capacity)
  return { limit, advance: (ms: number) => (now += ms) }
}

test('rate limit: a burst goes through at once, then perSecond of them', () => {
  const { limit, advance } = setUp()
  const rate = { perSecond: 10, burst: 50 }
  const take = (times: number): number =>
    Array.from({ length: times }, () => limit.take('w', rate)).filter((wait) => wait === 0).length
  assert.equal(take(100), 50)
  advance(1_000)
  assert.equal(take(100), 10)
  advance(60_000)
  assert.equal(take(100), 50)
})

test('rate limit: who comes again when told to is let in', () => {
  const rates = fc.record({
    perSecond: fc.double({ min: 0.01, max: 5_000, noNaN: true }),
    burst: fc.integer({ min: 1, max: 100 }),
  })
  fc.assert(
    fc.property(rates, fc.array(fc.integer({ min: 0, max: 2_000 })), (rate, pauses) => {
      const { limit, advance } = setUp()
      for (const pause of pauses) {
        advance(pause)
        const wait = limit.take('w', rate)
        assert.ok(Number.isInteger(wait) && wait >= 0)
        advance(wait * 1_000)
        if (wait > 0) assert.equal(limit.take('w', rate), 0)
      }
    }),
  )
})

test('rate limit: over any time no more pass than burst + perSecond x time', () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 })
  fc.assert(
    fc.property(pauses, (steps) => {
      const { limit, advance } = setUp()
      const rate = { perSecond: 20, burst: 5 }
      let elapsed = 0
      let passed = 0
      for (const step of steps) {
        elapsed += step
        advance(step)
        if (limit.take('w', rate) === 0) passed++
        assert.ok(passed <= rate.burst + (rate.perSecond * elapsed) / 1_000 + 1e-6)
      }
    }),
  )
})

test('rate limit: endpoints do not share a bucket, and a new rate counts at once', () => {
  const { limit } = setUp()
  assert.equal(limit.take('a', { perSecond: 1, burst: 1 }), 0)
  assert.equal(limit.take('a', { perSecond: 1, burst: 1 }), 1)
  assert.equal(limit.take('b', { perSecond: 1, burst: 1 }), 0)
  assert.equal(limit.take('a', { perSecond: 0.01, burst: 1 }), 100)
})

test('rate limit: buckets in use are kept while others come and go', () => {
  const { limit } = setUp(10)
  const rate = { perSecond: 0.1, burst: 1 }
  assert.equal(limit.take('busy', rate), 0)
  for (let i = 0; i < 1_000; i++) {
    limit.take(`passing ${i}`, rate)
    assert.notEqual(limit.take('busy', rate), 0)
  }
})
