/** Retries: which failures come again, when, and what Retry-After makes of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterAttempt } from '../../src/delivery/after-attempt.ts'
import {
  DEFAULT_SCHEDULE_MS,
  isPassing,
  retryAfterMs,
  retryDueAt,
} from '../../src/delivery/retry.ts'
import type { Attempt, FailureCode } from '../../src/model/delivery.ts'
import type { RetryPolicy } from '../../src/model/workflow.ts'
import { taskTo } from '../support/delivery-task.ts'
import { attempt } from '../support/store-values.ts'

const NOW = Date.parse('2026-11-23T08:00:00.000Z')
const MIDDLE = 0.5
const DAY_MS = 24 * 60 * 60 * 1000

const failed = (code: FailureCode, number = 1): Attempt =>
  attempt({ number, outcome: 'failed', code, response: null })

function answered(status: number, retryAfter?: string, number = 1): Attempt {
  const headers = retryAfter === undefined ? [] : ([['Retry-After', retryAfter]] as const)
  const response = { ...attempt().response!, status, headers }
  return attempt({ number, outcome: 'failed', code: 'http_status', response })
}

/** The delays before each further attempt, until there is none. */
function delays(policy: RetryPolicy | null, random = MIDDLE): number[] {
  const found: number[] = []
  for (let number = 1; number < 100; number++) {
    const dueAt = retryDueAt(policy, failed('reset', number), NOW, random)
    if (dueAt === null) break
    found.push(dueAt - NOW)
  }
  return found
}

test('retry: none by default', () => {
  assert.deepEqual(delays(null), [])
  assert.deepEqual(delays(false), [])
  const clock = { nowMs: () => NOW, random: () => MIDDLE }
  const ended = { attempt: failed('reset'), ours: false }
  assert.deepEqual(afterAttempt(clock, taskTo('http://a.example'), ended), {
    status: 'failed',
    code: 'reset',
    dueAt: null,
  })
})

test('retry: true means 5 s, 30 s, 2 m, 10 m, 30 m, 2 h, 6 h, 12 h', () => {
  const seconds = [5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200]
  assert.deepEqual(
    delays(true),
    seconds.map((s) => s * 1_000),
  )
  assert.deepEqual(delays({}), DEFAULT_SCHEDULE_MS)
})

test('retry: jitter is a fifth more or less [192]', () => {
  assert.deepEqual(delays({ schedule: [1_000] }, 0), [800])
  assert.deepEqual(delays({ schedule: [1_000] }, 1 - Number.EPSILON), [1_200])
})

test('retry: attempts count the first one, and a schedule that is shorter repeats its last delay', () => {
  assert.deepEqual(delays({ attempts: 1 }), [])
  assert.deepEqual(delays({ attempts: 3 }), [5_000, 30_000])
  assert.deepEqual(delays({ schedule: [10, 20] }), [10, 20])
  assert.deepEqual(delays({ attempts: 2, schedule: [10, 20, 30] }), [10])
  assert.deepEqual(delays({ attempts: 5, schedule: [10, 20] }), [10, 20, 20, 20])
})

test('retry: network errors, 408, 425, 429 and 5xx except 501 are worth another attempt', () => {
  const network = ['dns', 'connect_refused', 'connect_timeout', 'tls', 'reset', 'timeout'] as const
  for (const code of network) assert.ok(isPassing(failed(code)), code)
  for (const code of ['redirect', 'too_large_headers', 'protocol'] as const) {
    assert.ok(!isPassing(failed(code)), code)
  }
  assert.ok(!isPassing(attempt({ outcome: 'blocked', code: 'blocked' })))
  assert.ok(!isPassing(attempt()))
  for (let status = 300; status < 600; status++) {
    const expected = [408, 425, 429].includes(status) || (status >= 500 && status !== 501)
    assert.equal(isPassing(answered(status)), expected, String(status))
  }
  assert.ok(!isPassing(answered(999)))
})

test('retry: Retry-After in seconds or as a date, at most 24 hours, else ignored [118]', () => {
  const after = (text: string) => retryAfterMs(answered(503, text).response, NOW)
  assert.equal(after('120'), 120_000)
  assert.equal(after(' 0 '), 0)
  assert.equal(after('99999999999'), DAY_MS)
  assert.equal(after('9'.repeat(400)), DAY_MS)
  assert.equal(after('Mon, 23 Nov 2026 08:01:00 GMT'), 60_000)
  assert.equal(after('Monday, 23-Nov-26 08:01:00 GMT'), 60_000)
  assert.equal(after('Mon Nov 23 08:01:00 2026'), 60_000)
  assert.equal(after('Mon, 23 Nov 2026 07:00:00 GMT'), 0)
  assert.equal(after('Fri, 23 Nov 2029 08:01:00 GMT'), DAY_MS)
  for (const text of ['-1', '120.5', 'invalid', '', '1e3', '0x10', '2026-11-23', '+5']) {
    assert.equal(after(text), null, text)
  }
  assert.equal(retryAfterMs(answered(503).response, NOW), null)
  assert.equal(retryAfterMs(null, NOW), null)
})

test('retry: what the destination asks for is waited for, and its own delay if that is longer', () => {
  const due = (retryAfter: string, random: number) =>
    retryDueAt({ schedule: [10_000] }, answered(503, retryAfter), NOW, random)! - NOW
  assert.equal(due('120', 0), 120_000)
  assert.equal(due('120', MIDDLE), 132_000)
  assert.equal(due('1', MIDDLE), 10_000)
  assert.equal(due('99999999999', 0), DAY_MS)
})
