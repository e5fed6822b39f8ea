/** Doing it again: replay, redelivery, cancel, tests with and without sending. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventDetailWire, EventListWire } from '../../src/inspector/wire-event.ts'
import { limits } from '../../src/model/limits.ts'
import { isSettled, startApp } from '../support/app.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

test('app: a replay is a new event that names its origin, on the latest or the original version', async (t) => {
  const app = await startApp(t)
  const workflow = await app.workflow([{ type: 'code', code: 'return [1, $context.replay_of]' }])
  await app.send(workflow, '/x?y=1', { body: 'raw' })
  const first = await app.settled(workflow)
  const steps = [{ type: 'code', code: 'return [2, $context.replay_of]' }]
  await app.api.call('PUT', `/workflows/${workflow.id}`, { name: 'Test', steps })
  for (const [version, value] of [
    ['original', 1],
    ['latest', 2],
  ] as const) {
    const { id } = await app.api.call<{ id: string }>('POST', `/events/${first.id}/replay`, {
      version,
    })
    const replayed = await settledById(app.api, id)
    assert.equal(replayed.replayOf, first.id)
    assert.equal(replayed.event.path, '/x')
    assert.equal(replayed.event.body, 'raw')
    assert.deepEqual(replayed.run!.steps[0]!.exports, { $return_value: [value, first.id] })
  }
})

test('app: redelivering makes one more attempt under the same webhook-id, and Dest follows', async (t) => {
  const receiver = await startReceiver(() => ({ status: 503 }))
  t.after(() => receiver.close())
  const app = await startApp(t)
  const event = await app.run([{ type: 'webhook', url: receiver.url(), payload: '1' }])
  assert.equal(`${event.dest.delivered}/${event.dest.total}`, '0/1')
  receiver.script = () => ({ status: 204 })
  await app.api.call('POST', `/deliveries/${event.deliveries[0]!.id}/redeliver`)
  await receiver.received(2)
  const after = await settledById(app.api, event.id)
  assert.equal(`${after.dest.delivered}/${after.dest.total}`, '1/1')
  assert.deepEqual(
    after.deliveries[0]!.attempts.map(({ number, outcome }) => [number, outcome]),
    [
      [1, 'failed'],
      [2, 'delivered'],
    ],
  )
  const ids = receiver.requests.map(
    ({ headers }) => headers.find(([name]) => name === 'webhook-id')?.[1],
  )
  assert.equal(ids[0], ids[1])
})

test('app: a dry run captures sends and sends nothing; a sent test delivers', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const app = await startApp(t)
  const workflow = await app.workflow([{ type: 'code', code: 'return 1' }])
  const steps = [
    { type: 'webhook', url: receiver.url('/test'), payload: '({ got: $event.body, test: 1 })' },
  ]
  const path = `/workflows/${workflow.id}/test`
  const dry = await app.api.call<EventDetailWire>('POST', path, {
    event: { body: { a: 1 } },
    steps,
    send: false,
  })
  assert.equal(dry.run!.status, 'succeeded')
  assert.equal(dry.deliveries[0]!.request.body, '{"got":{"a":1},"test":1}')
  assert.equal(receiver.connections, 0)
  const { id } = await app.api.call<{ id: string }>('POST', path, {
    event: { body: { a: 1 } },
    steps,
    send: true,
  })
  const sent = await settledById(app.api, id)
  assert.equal(`${sent.dest.delivered}/${sent.dest.total}`, '1/1')
  assert.equal(receiver.requests.length, 1)
})

test('app: what waits behind a full lane can be canceled, what is under way cannot', async (t) => {
  const held = Promise.withResolvers<object>()
  const receiver = await startReceiver(() => held.promise)
  t.after(() => receiver.close())
  const app = await startApp(t)
  const code = `for (let i = 0; i < 40; i++) $send.http({ method: 'GET', url: '${receiver.url('/')}' + i })`
  const workflow = await app.workflow([{ type: 'code', code }])
  await app.send(workflow)
  await until(() => receiver.requests.length === limits.laneConcurrency)
  const { data } = await app.api.call<EventListWire>('GET', `/workflows/${workflow.id}/events`)
  const { deliveries } = await app.api.call<EventDetailWire>('GET', `/events/${data[0]!.id}`)
  const cancel = (index: number) =>
    app.api.call('POST', `/deliveries/${deliveries[index]!.id}/cancel`)
  const waiting = limits.laneConcurrency + 3
  assert.deepEqual(await cancel(waiting), { id: deliveries[waiting]!.id, status: 'canceled' })
  await assert.rejects(cancel(waiting), /Cannot cancel the delivery/)
  await assert.rejects(cancel(0), /Cannot cancel the delivery: an attempt is under way/)

  held.resolve({ status: 200 })
  const after = await settledById(app.api, data[0]!.id)
  assert.deepEqual(after.dest, { delivered: 39, total: 40 })
  assert.equal(receiver.requests.length, 39)
  assert.deepEqual(
    after.deliveries.filter(({ status }) => status === 'canceled').map(({ index }) => index),
    [waiting],
  )
})

async function settledById(
  api: { call<T>(method: string, path: string): Promise<T> },
  id: string,
): Promise<EventDetailWire> {
  for (let tries = 0; tries < 2_400; tries++) {
    const detail = await api.call<EventDetailWire>('GET', `/events/${id}`)
    if (isSettled(detail)) return detail
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`${id} did not settle within a minute`)
}
