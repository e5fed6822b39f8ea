/** A request that waits for its run: how long, and what ends the wait besides an answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../src/model/limits.ts'
import { endpoint, KEY, settings, startTrigger } from '../support/trigger.ts'

/** So that the wait, which is longer by the slack, is a moment. */
const timeoutMs = 50 - limits.responseSlackMs
const custom = { ...endpoint, settings: { ...settings, response: 'custom' as const, timeoutMs } }

test('run answer: a run that does not begin in time is 504, and the event is kept', async (t) => {
  const { store, url } = await startTrigger(t)
  store.endpoints.set(KEY, custom)
  const answer = await fetch(url, { method: 'POST' })
  assert.equal(answer.status, 504)
  assert.match(await answer.text(), /no step called \$respond within/)
  assert.equal(store.events.length, 1)
})

test('run answer: an event that is not stored is refused as ever, and waits for nothing', async (t) => {
  const { store, url } = await startTrigger(t)
  store.endpoints.set(KEY, custom)
  store.commit = () => Promise.reject(new Error('no'))
  assert.equal((await fetch(url, { method: 'POST' })).status, 500)
  const headers = { 'idempotency-key': 'one' }
  store.commit = async () => {}
  assert.equal((await fetch(url, { method: 'POST', headers })).status, 504)
  const again = await fetch(url, { method: 'POST', headers })
  assert.deepEqual([again.status, await again.text()], [200, '{"success":true}'])
  assert.equal((await fetch(url, { method: 'POST', headers, body: 'other' })).status, 409)
})
