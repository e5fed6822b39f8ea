/** Retries end to end: asked for by the send, the Action or the workflow, and kept over a restart. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { DestinationWire } from '../../src/inspector/wire-operations.ts'
import { originOf } from '../../src/model/delivery.ts'
import { destinationId } from '../../src/model/destination.ts'
import { startApp } from '../support/app.ts'
import { headerOf, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const soon = '{ schedule: [20] }'
const outcomes = ({ deliveries }: EventDetailWire): string[][] =>
  deliveries.map(({ attempts }) => attempts.map(({ outcome }) => outcome))

test('app: a send that asks for it is retried, under one webhook-id, until it is delivered', async (t) => {
  const receiver = await startReceiver((_, count) => ({ status: count < 3 ? 503 : 200 }))
  t.after(() => receiver.close())
  const app = await startApp(t)
  const code = `$send.http({ method: 'POST', url: '${receiver.url()}', data: 1, retry: { attempts: 4, schedule: [10, 20] } })`
  const event = await app.run([{ type: 'code', code }])
  assert.deepEqual(outcomes(event), [['failed', 'failed', 'delivered']])
  assert.deepEqual(event.dest, { delivered: 1, total: 1 })
  const ids = receiver.requests.map(({ headers }) => headerOf(headers, 'webhook-id'))
  assert.deepEqual(new Set(ids), new Set([event.deliveries[0]!.id]))
})

test('app: retries end with the attempts that were asked for, or with an answer that will not change', async (t) => {
  const receiver = await startReceiver(({ url }) => ({ status: Number(url.slice(1)) }))
  t.after(() => receiver.close())
  const app = await startApp(t)
  const code = `for (const status of [500, 404, 501]) $send.http({ method: 'POST', url: '${receiver.origin}/' + status, retry: { attempts: 3, schedule: [10] } })`
  const event = await app.run([{ type: 'code', code }])
  assert.deepEqual(outcomes(event), [['failed', 'failed', 'failed'], ['failed'], ['failed']])
  assert.deepEqual(
    event.deliveries.map(({ status, code: failure }) => `${status} ${failure}`),
    Array<string>(3).fill('failed http_status'),
  )
})

test('app: the send decides on retries, then the Action, then the workflow', async (t) => {
  const receiver = await startReceiver(() => ({ status: 500 }))
  t.after(() => receiver.close())
  const app = await startApp(t)
  // Nine attempts in all: the tenth failure in a row would open the breaker.
  const code = `for (const more of [{}, { retry: false }])
  $send.http({ method: 'POST', url: '${receiver.url()}', ...more })`
  const steps = [
    { type: 'code', name: 'code', code },
    { type: 'webhook', name: 'open', url: receiver.url() },
    { type: 'webhook', name: 'never', url: receiver.url(), retry: false },
    { type: 'webhook', name: 'own', url: receiver.url(), retry: { attempts: 3, schedule: [5] } },
  ]
  const event = await app.run(steps, {}, { retry: { attempts: 2, schedule: [5] } })
  assert.deepEqual(
    outcomes(event).map(({ length }) => length),
    [2, 1, 2, 1, 3],
  )
})

test('app: a retry that waits survives a restart, and can be canceled and brought forward', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-retries-'))
  t.after(() => rm(folder, { recursive: true }))
  const receiver = await startReceiver(() => ({ status: 503 }))
  t.after(() => receiver.close())
  const first = await startApp(t, { SENDOFF_DATA: folder })
  const retry = '{ attempts: 3, schedule: [3600000] }'
  const code = `for (let i = 0; i < 2; i++) $send.http({ method: 'POST', url: '${receiver.url()}', retry: ${retry} })`
  const workflow = await first.workflow([{ type: 'code', code }])
  await first.send(workflow)
  await receiver.received(2)
  await first.stop()

  receiver.script = () => ({ status: 200 })
  const second = await startApp(t, { SENDOFF_DATA: folder })
  const { data } = await second.api.call<{ data: { id: string }[] }>(
    'GET',
    `/workflows/${workflow.id}/events`,
  )
  const detail = () => second.api.call<EventDetailWire>('GET', `/events/${data[0]!.id}`)
  const { deliveries } = await detail()
  assert.deepEqual(
    deliveries.map(({ status, code: failure }) => `${status} ${failure}`),
    Array<string>(2).fill('pending http_status'),
  )
  const [canceled, forward] = deliveries
  assert.ok(Date.parse(forward!.dueAt!) > Date.now() + 2_000_000)
  await second.api.call('POST', `/deliveries/${canceled!.id}/cancel`)
  await second.api.call('POST', `/deliveries/${forward!.id}/redeliver`)
  await receiver.received(3)
  const settled = await second.settled(workflow)
  assert.deepEqual(
    settled.deliveries.map(({ status }) => status),
    ['canceled', 'delivered'],
  )
  assert.equal(receiver.requests.length, 3)
})

test('app: a paused destination gets nothing, its deliveries are held, and are sent once resumed', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const app = await startApp(t)
  const code = `for (let i = 0; i < 3; i++) $send.http({ method: 'POST', url: '${receiver.url()}' + $event.body.n + i })`
  const workflow = await app.workflow([{ type: 'code', code }])
  const send = async (n: number) => {
    await app.send(workflow, '', { body: JSON.stringify({ n }) })
    return app.settled(workflow)
  }
  await send(1)
  const path = `/destinations/${destinationId(originOf(receiver.url()))}`
  const change = (body: object) => app.api.call<DestinationWire>('PATCH', path, body)
  assert.equal((await change({ paused: true })).state, 'paused')
  const held = await send(2)
  assert.deepEqual(
    held.deliveries.map(({ status }) => status),
    ['held', 'held', 'held'],
  )
  const shown = await app.api.call<DestinationWire>('GET', path)
  assert.deepEqual([shown.held, shown.waiting, shown.recent.delivered], [3, 0, 3])
  assert.equal(receiver.requests.length, 3)
  assert.equal((await change({ paused: false })).paused, false)
  const requests = await receiver.received(6)
  assert.equal(requests[3]!.url, '/20')
  assert.equal((await app.settled(workflow)).dest.delivered, 3)
})

test('app: a redelivery to a destination whose breaker is open is made at once', async (t) => {
  const receiver = await startReceiver(() => ({ status: 500 }))
  t.after(() => receiver.close())
  const app = await startApp(t)
  const code = `for (let i = 0; i < 10; i++) $send.http({ method: 'POST', url: '${receiver.url()}' })`
  const workflow = await app.workflow([{ type: 'code', code }])
  await app.send(workflow)
  const event = await app.settled(workflow)
  await app.api.call('POST', `/deliveries/${event.deliveries[4]!.id}/redeliver`)
  await receiver.received(11)
  const again = await app.settled(workflow)
  assert.deepEqual(outcomes(again)[4], ['failed', 'failed'])
})

test('app: the breaker of a dead destination shows, and a person may close it [189]', async (t) => {
  const mended = Promise.withResolvers<void>()
  const seen = new Set<string>()
  const receiver = await startReceiver(({ headers }) => {
    const id = headerOf(headers, 'webhook-id')!
    // A retry may be due before the tenth failure opens the breaker.
    if (seen.has(id)) return mended.promise.then(() => ({}))
    seen.add(id)
    return { status: 500 }
  })
  t.after(() => receiver.close())
  const app = await startApp(t)
  const code = `for (let i = 0; i < 12; i++) $send.http({ method: 'POST', url: '${receiver.url()}', retry: ${soon} })`
  const workflow = await app.workflow([{ type: 'code', code }])
  await app.send(workflow)
  await receiver.received(12)
  const path = `/destinations/${destinationId(originOf(receiver.url()))}`
  const read = () => app.api.call<DestinationWire>('GET', path)
  await until(async () => (await read()).state === 'open')
  const shown = await read()
  assert.equal(shown.breaker.state, 'open')
  assert.equal(shown.lastError!.code, 'http_status')
  mended.resolve()
  await app.api.call('PATCH', path, { paused: false })
  const event = await app.settled(workflow)
  assert.ok(event.deliveries.every(({ status }) => status === 'delivered'))
  assert.equal((await read()).state, 'ok')
})
