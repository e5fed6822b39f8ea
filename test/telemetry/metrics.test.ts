/** What /metrics shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from '../../src/telemetry/metrics.ts'

const BACKLOG = { queuedEvents: 7, pendingDeliveries: 3, oldestQueuedAt: 60_000 }
const clock = { nowMs: () => 65_000 }

test('metrics: events by status, runs by status and duration, attempts by outcome and code', async () => {
  const metrics = createMetrics({ backlog: async () => BACKLOG, clock })
  metrics.eventAnswered(200, 2)
  metrics.eventAnswered(200, 20)
  metrics.eventAnswered(429, 0.2)
  metrics.eventsAdmitted(15)
  metrics.runEnded('timed_out', 30_000)
  metrics.attemptEnded('failed', 'http_status', 150)
  metrics.attemptEnded('delivered', null, 3)
  const { contentType, body } = await metrics.render()
  assert.match(contentType, /^text\/plain; version=0\.0\.4/)
  const lines = new Set(body.split('\n'))
  for (const line of [
    'sendoff_event_accept_seconds_count 2',
    'sendoff_event_accept_seconds_bucket{le="0.0025"} 1',
    'sendoff_events_refused_total{status="429"} 1',
    'sendoff_admit_batch_events_sum 15',
    'sendoff_run_seconds_bucket{le="30",status="timed_out"} 1',
    'sendoff_attempt_seconds_sum{outcome="failed"} 0.15',
    'sendoff_attempt_seconds_count{outcome="delivered"} 1',
    'sendoff_attempt_failures_total{code="http_status"} 1',
    'sendoff_store_readable 1',
    'sendoff_queued_events 7',
    'sendoff_pending_deliveries 3',
    'sendoff_oldest_queued_seconds 5',
  ]) {
    assert.ok(lines.has(line), `${line} is missing in:\n${body}`)
  }
  assert.match(body, /^process_cpu_user_seconds_total /m)
})

test('metrics: while the store is away they say so, and still answer', async () => {
  let away = false
  const backlog = async () => {
    if (away) throw new Error('away')
    return { ...BACKLOG, oldestQueuedAt: null }
  }
  const metrics = createMetrics({ backlog, clock })
  assert.match((await metrics.render()).body, /^sendoff_oldest_queued_seconds 0$/m)
  away = true
  const { body } = await metrics.render()
  assert.match(body, /^sendoff_store_readable 0$/m)
  assert.match(body, /^sendoff_queued_events Nan$/im)
})

test('metrics: two servers in one process do not share a registry', async () => {
  const [one, other] = [1, 2].map(() => createMetrics({ backlog: async () => BACKLOG, clock }))
  one!.eventAnswered(404, 1)
  assert.doesNotMatch((await other!.render()).body, /status="404"/)
})

test('metrics: a call costs less than a microsecond', () => {
  const metrics = createMetrics({ backlog: async () => BACKLOG, clock })
  const calls = 50_000
  const measure = (): number => {
    const before = process.cpuUsage()
    for (let i = 0; i < calls; i++) metrics.eventAnswered(i % 2 ? 200 : 429, 1.5)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / calls
  }
  const best = Math.min(measure(), measure(), measure())
  assert.ok(best < 1, `${best} us a call`)
})
