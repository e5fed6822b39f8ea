/** Repetition: SPEC section 2's sentence on `Idempotency-Key`, and SECURITY 148. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTrigger } from '../support/trigger.ts'
import type { Trigger } from '../support/trigger.ts'

const send = async (
  trigger: Trigger,
  headers: Record<string, string>,
  body = 'x',
): Promise<number> => {
  const answer = await fetch(trigger.url, { method: 'POST', headers, body })
  await answer.arrayBuffer()
  return answer.status
}

for (const header of ['Idempotency-Key', 'webhook-id']) {
  test(`trigger: [148] the same ${header} on the same endpoint answers 200 without a second event`, async (t) => {
    const trigger = await startTrigger(t)
    assert.equal(await send(trigger, { [header]: 'k1' }), 200)
    assert.equal(await send(trigger, { [header]: 'k1' }), 200)
    assert.equal(await send(trigger, { [header]: 'k2' }), 200)
    assert.equal(trigger.store.events.length, 2)
    assert.equal(trigger.handOver.offered.length, 2)
    assert.equal(trigger.handOver.held, 2) // the repetition gave its place back
  })

  test(`trigger: [148] the same ${header} with a different body is 409`, async (t) => {
    const trigger = await startTrigger(t)
    assert.equal(await send(trigger, { [header]: 'k1' }, 'a'), 200)
    assert.equal(await send(trigger, { [header]: 'k1' }, 'b'), 409)
    assert.equal(trigger.store.events.length, 1)
    assert.equal(trigger.handOver.held, 1)
  })
}

test('trigger: Idempotency-Key goes before webhook-id, and an empty one is none', async (t) => {
  const trigger = await startTrigger(t)
  await send(trigger, { 'idempotency-key': 'a', 'webhook-id': 'b' })
  await send(trigger, { 'idempotency-key': '', 'webhook-id': 'b' })
  await send(trigger, { 'idempotency-key': '' })
  assert.deepEqual(
    trigger.store.events.map(({ idempotency }) => idempotency?.key),
    ['a', 'b', undefined],
  )
})

test('trigger: a key of 255 characters is taken, a longer one is refused by name', async (t) => {
  const trigger = await startTrigger(t)
  assert.equal(await send(trigger, { 'idempotency-key': 'k'.repeat(255) }), 200)
  assert.equal(await send(trigger, { 'idempotency-key': 'k'.repeat(256) }), 400)
})

test('trigger: a refused body does not use up its key', async (t) => {
  const trigger = await startTrigger(t, { bodyLimitBytes: 2 })
  assert.equal(await send(trigger, { 'idempotency-key': 'a' }, 'xxx'), 413)
  assert.equal(await send(trigger, { 'idempotency-key': 'a' }, 'xx'), 200)
  assert.equal(trigger.store.events.length, 2)
})
