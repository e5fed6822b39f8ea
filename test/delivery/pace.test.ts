/** How fast a destination is served, with time told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from '../../src/delivery/pace.ts'
import type { LoadSign } from '../../src/delivery/pace.ts'
import { limits } from '../../src/model/limits.ts'

/** As many answers as given, each 10 ms after its attempt began. */
function answers(pace: Pace, count: number, now: number, sign: LoadSign = 'answered'): void {
  for (let i = 0; i < count; i++) pace.end(sign, now, now + 10)
}

test('pace: 32 at once, however well it goes', () => {
  const pace = new Pace()
  answers(pace, 1_000, 0)
  assert.equal(pace.concurrency(10), limits.laneConcurrency)
})

test('pace: 429 and 503 halve it, once for all that was sent before, down to one', () => {
  const pace = new Pace()
  answers(pace, 32, 0, 'overloaded')
  assert.equal(pace.concurrency(10), 16)
  for (const now of [100, 200, 300, 400, 500]) answers(pace, 8, now, 'overloaded')
  assert.equal(pace.concurrency(510), 1)
})

test('pace: time-outs halve it too, but leave four, so that a backlog comes to its end', () => {
  const pace = new Pace()
  for (const now of [0, 100, 200, 300, 400, 500]) answers(pace, 8, now, 'timed_out')
  assert.equal(pace.concurrency(510), limits.laneConcurrencySlow)
})

test('pace: each answer adds a little, a whole round of them one', () => {
  const pace = new Pace()
  for (const now of [0, 100, 200]) pace.end('overloaded', now, now + 10)
  assert.equal(pace.concurrency(210), 4)
  answers(pace, 5, 300)
  assert.equal(pace.concurrency(310), 5)
  answers(pace, 600, 400)
  assert.equal(pace.concurrency(410), limits.laneConcurrency)
})

test('pace: without traffic it recovers with time', () => {
  const pace = new Pace()
  for (const now of [0, 100, 200]) pace.end('overloaded', now, now + 10)
  assert.equal(pace.concurrency(9_000), 4)
  assert.equal(pace.concurrency(50_300), 9)
  assert.equal(pace.concurrency(1_000_000), limits.laneConcurrency)
})

test('pace: answers that take far longer than usual bring it down, slowly', () => {
  const pace = new Pace()
  for (let now = 0; now < 100_000; now += 1_000) pace.end('answered', now, now + 50)
  assert.equal(pace.concurrency(100_000), 32)
  for (let now = 100_000; now < 300_000; now += 10_000) pace.end('answered', now, now + 5_000)
  const slowed = pace.concurrency(300_000)
  assert.ok(slowed < 20 && slowed >= limits.laneConcurrencySlow, String(slowed))
})

test('pace: a destination that is always slow is not held against it', () => {
  const pace = new Pace()
  for (let now = 0; now < 1_000_000; now += 10_000) pace.end('answered', now, now + 9_000)
  assert.equal(pace.concurrency(1_000_000), 32)
})

test('pace: after a wait it begins with one and doubles up to half of what it was [192]', () => {
  const pace = new Pace()
  pace.waitUntil(5_000, 0)
  assert.equal(pace.opensAt(1), 5_000)
  pace.waitUntil(3_000, 0)
  assert.equal(pace.notBefore, 5_000, 'the longest wait counts')
  assert.equal(pace.concurrency(5_000), 1)
  answers(pace, 1, 5_000)
  assert.equal(pace.concurrency(5_010), 2)
  answers(pace, 2, 5_020)
  assert.equal(pace.concurrency(5_030), 4)
  answers(pace, 12, 5_040)
  assert.equal(pace.concurrency(5_050), 16)
  answers(pace, 10, 5_060)
  assert.equal(pace.concurrency(5_070), 16)
})

test('pace: a lifted wait is over', () => {
  const pace = new Pace()
  pace.waitUntil(5_000, 0)
  pace.lift()
  assert.ok(pace.opensAt(1) <= 1)
})

test('pace: a rate is kept, with a burst of a tenth of a second', () => {
  const pace = new Pace()
  pace.configure(null, 20)
  const starts: number[] = []
  for (let now = 0; now <= 1_000; now += 1) {
    while (pace.opensAt(now) <= now) {
      pace.begin()
      starts.push(now)
    }
  }
  assert.ok(starts.length >= 20 && starts.length <= 22, String(starts.length))
  assert.ok(starts.filter((at) => at < 50).length <= 2)
})

test('pace: a rate below one a second', () => {
  const pace = new Pace()
  pace.configure(null, 0.1)
  assert.equal(pace.opensAt(1_000), 1_000)
  pace.begin()
  assert.equal(pace.opensAt(1_000), 11_000)
  assert.equal(pace.opensAt(11_000), 11_000)
})

test('pace: a cap holds at once, and a lifted one as well, unless it is overloaded', () => {
  const pace = new Pace()
  pace.configure(3, null)
  assert.equal(pace.concurrency(0), 3)
  pace.configure(64, null)
  assert.equal(pace.concurrency(0), 64)
  pace.end('overloaded', 0, 10)
  pace.configure(128, null)
  assert.equal(pace.concurrency(20), 32)
})
