/** The circuit breaker, with time told to it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Breaker } from '../../src/delivery/breaker.ts'

const FIRST = false
const RETRY = true

function tripped(at = 0): Breaker {
  const breaker = new Breaker()
  for (let i = 0; i < 10; i++) breaker.end(FIRST, 'failed', at)
  assert.equal(breaker.state(at), 'open')
  return breaker
}

test('breaker: it opens at ten failures in a row, not at nine [189]', () => {
  const breaker = new Breaker()
  for (let i = 0; i < 9; i++) breaker.end(FIRST, 'failed', i * 100_000)
  assert.equal(breaker.state(900_000), 'closed')
  breaker.end(FIRST, 'passed', 900_000)
  for (let i = 0; i < 9; i++) breaker.end(FIRST, 'failed', 1_000_000 + i * 100_000)
  assert.equal(breaker.state(2_000_000), 'closed')
  breaker.end(FIRST, 'failed', 2_000_000)
  assert.equal(breaker.state(2_000_000), 'open')
})

test('breaker: it opens when half of at least ten attempts within 60 s failed', () => {
  const opened = (passes: number, failures: number, everyMs: number): boolean => {
    const breaker = new Breaker()
    const results = Array.from({ length: passes + failures }, (_, i) =>
      i % 2 === 0 && i / 2 < passes ? 'passed' : 'failed',
    ) as ('passed' | 'failed')[]
    results.forEach((result, i) => breaker.end(FIRST, result, i * everyMs))
    return breaker.until !== null
  }
  assert.ok(opened(5, 5, 1_000))
  assert.ok(!opened(5, 4, 1_000))
  assert.ok(!opened(8, 7, 1_000))
  assert.ok(!opened(5, 5, 15_000), 'what is older than a minute does not count')
})

test('breaker: it stays open for 30 s, twice as long each time, at most 15 min', () => {
  const breaker = tripped()
  let now = 0
  for (const seconds of [30, 60, 120, 240, 480, 900, 900]) {
    assert.equal(breaker.until, now + seconds * 1_000)
    assert.equal(breaker.state(breaker.until - 1), 'open')
    assert.equal(breaker.retriesAllowed(breaker.until - 1), 0)
    now = breaker.until!
    assert.equal(breaker.state(now), 'half_open')
    breaker.begin(now)
    breaker.end(RETRY, 'failed', now)
  }
})

test('breaker: half open, one retry may go', () => {
  const breaker = tripped()
  assert.equal(breaker.retriesAllowed(30_000), 1)
  breaker.begin(30_000)
  assert.equal(breaker.retriesAllowed(30_000), 0)
  breaker.end(RETRY, 'unknown', 30_001)
  assert.equal(breaker.retriesAllowed(30_001), 1, 'one that told nothing makes room for another')
})

test('breaker: failed first attempts neither open it again nor keep it open longer', () => {
  const breaker = tripped()
  for (let now = 1; now < 60_000; now += 1_000) breaker.end(FIRST, 'failed', now)
  assert.equal(breaker.until, 30_000)
  assert.equal(breaker.state(60_000), 'half_open')
})

test('breaker: any attempt that gets through closes it, and then it opens for 30 s again', () => {
  const breaker = tripped()
  breaker.begin(30_000)
  breaker.end(RETRY, 'failed', 30_000)
  breaker.end(FIRST, 'passed', 31_000)
  assert.equal(breaker.state(31_000), 'closed')
  for (let i = 0; i < 10; i++) breaker.end(FIRST, 'failed', 32_000)
  assert.equal(breaker.until, 62_000)
})

test('breaker: once closed, retries come back one by one more, not all at once [192]', () => {
  const breaker = tripped()
  breaker.begin(30_000)
  breaker.end(RETRY, 'passed', 30_000)
  const allowed: number[] = []
  for (let i = 0; i < 4; i++) {
    allowed.push(breaker.retriesAllowed(30_000))
    breaker.end(RETRY, 'passed', 30_000)
  }
  assert.deepEqual(allowed, [1, 2, 3, 4])
})

test('breaker: somebody who wants to know gets one retry through at once', () => {
  const breaker = tripped()
  breaker.probe(100)
  assert.equal(breaker.retriesAllowed(100), 1)
  breaker.begin(100)
  breaker.probe(101)
  assert.equal(breaker.retriesAllowed(101), 0)
  breaker.end(RETRY, 'failed', 102)
  assert.equal(breaker.state(103), 'open')
  new Breaker().probe(1)
})

test('breaker: a person may close it', () => {
  const breaker = tripped()
  breaker.reset()
  assert.equal(breaker.state(1), 'closed')
  assert.equal(breaker.until, null)
})

test('breaker: whatever happens, never more than one probe at a time, and it can always close', () => {
  const step = fc.record({
    afterMs: fc.nat(100_000),
    act: fc.constantFrom('retry', 'first', 'end'),
    result: fc.constantFrom('passed', 'failed', 'unknown'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const breaker = new Breaker()
      let now = 0
      let inFlight = 0
      for (const { afterMs, act, result } of steps) {
        now += afterMs
        if (act === 'first') breaker.end(FIRST, result, now)
        else if (act === 'end' && inFlight > 0) {
          inFlight--
          breaker.end(RETRY, result, now)
        } else if (act === 'retry' && inFlight < breaker.retriesAllowed(now)) {
          breaker.begin(now)
          inFlight++
        }
        const span = (breaker.until ?? now) - now
        assert.ok(span <= 15 * 60_000)
      }
      while (inFlight-- > 0) breaker.end(RETRY, 'unknown', now)
      now += 15 * 60_000
      assert.ok(breaker.retriesAllowed(now) >= 1)
      breaker.begin(now)
      breaker.end(RETRY, 'passed', now)
      assert.equal(breaker.state(now), 'closed')
    }),
  )
})
