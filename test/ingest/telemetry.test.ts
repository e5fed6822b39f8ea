/** What the operator sees of the trigger: one count and one line for each answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KEY, startTrigger } from '../support/trigger.ts'

test('trigger: each answer is counted by its status, and each batch by its size', async (t) => {
  const trigger = await startTrigger(t, { bodyLimitBytes: 10 })
  for (const body of ['a', 'b', 'x'.repeat(11)]) await fetch(trigger.url, { method: 'POST', body })
  await fetch(`http://127.0.0.1:${trigger.port}/t/unknown`)
  const { body } = await trigger.metrics.render()
  assert.match(body, /^sendoff_event_accept_seconds_count 2$/m)
  assert.match(body, /^sendoff_events_refused_total\{status="413"\} 1$/m)
  assert.match(body, /^sendoff_events_refused_total\{status="404"\} 1$/m)
  assert.match(body, /^sendoff_admit_batch_events_sum 3$/m)
})

test('trigger: each answer is one line that names the event or the reason, and never the key', async (t) => {
  const trigger = await startTrigger(t)
  await fetch(`${trigger.url}/path?token=canary`, { method: 'POST', body: 'canary' })
  await fetch(`http://127.0.0.1:${trigger.port}/t/unknown`)
  trigger.store.commit = async () => {
    throw new TypeError('a bug')
  }
  await fetch(trigger.url)
  const lines = trigger.logLines.map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    lines.map(({ level, message, status, id, code }) => [level, message, status, id ?? code]),
    [
      ['info', 'event', 200, trigger.store.events[0]!.id],
      ['info', 'event refused', 404, 'endpoint_unknown'],
      ['error', 'event failed', 500, 'internal'],
    ],
  )
  assert.match(trigger.logLines[2]!, /a bug/)
  for (const line of trigger.logLines) assert.doesNotMatch(line, new RegExp(`canary|${KEY}`))
})
