/** The main job, end to end: an event comes in, steps run, and what they send arrives afterwards. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import { startApp } from '../support/app.ts'
import { headerOf, startReceiver } from '../support/receiver.ts'

const dest = ({ dest: { delivered, total } }: EventDetailWire): string => `${delivered}/${total}`

test('app: one $send.http in a step is delivered after the workflow and shown under the step', async (t) => {
  const receiver = await startReceiver(() => ({ status: 201, body: 'made' }))
  t.after(() => receiver.close())
  const app = await startApp(t)
  const code = `$send.http({ method: 'post', url: '${receiver.url('/a?x=1')}', data: { hello: $event.body.name }, params: { y: [2, 3] } })`
  const event = await app.run([{ type: 'code', code }], { name: 'Luke' })

  const [request] = await receiver.received(1)
  assert.equal(request!.method, 'POST')
  assert.equal(request!.url, '/a?x=1&y=2&y=3')
  assert.equal(request!.body.toString(), '{"hello":"Luke"}')
  assert.equal(headerOf(request!.headers, 'content-type'), 'application/json')
  assert.equal(headerOf(request!.headers, 'webhook-id'), event.deliveries[0]!.id)

  assert.equal(event.run!.status, 'succeeded')
  assert.equal(dest(event), '1/1')
  const [delivery] = event.deliveries
  assert.equal(delivery!.step, 'nodejs')
  assert.equal(delivery!.index, 0)
  assert.equal(delivery!.status, 'delivered')
  assert.equal(delivery!.request.method, 'POST')
  assert.equal(delivery!.request.body, '{"hello":"Luke"}')
  const [attempt] = delivery!.attempts
  assert.equal(attempt!.number, 1)
  assert.equal(attempt!.response!.status, 201)
  assert.equal(attempt!.response!.body, 'made')
  assert.equal(attempt!.remoteAddress, `127.0.0.1:${receiver.port}`)
})

test('app: forEach over names sends one request a name, in call order', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const app = await startApp(t)
  const code = `const names = ["Luke", "Han", "Leia"]
names.forEach(name => $send.http({ method: "POST", url: "${receiver.url('/names')}", data: { name } }))`
  const event = await app.run([{ type: 'code', name: 'names', code }])
  assert.equal(dest(event), '3/3')
  assert.deepEqual(
    event.deliveries.map(({ index, request }) => [index, request.body]),
    [
      [0, '{"name":"Luke"}'],
      [1, '{"name":"Han"}'],
      [2, '{"name":"Leia"}'],
    ],
  )
})

test('app: a 500 beside a 200 gives Dest 1/2, and the failure is not repeated', async (t) => {
  const receiver = await startReceiver(({ url }) => ({
    status: url === '/bad' ? 500 : 200,
    body: 'oops',
  }))
  t.after(() => receiver.close())
  const app = await startApp(t)
  const code = `for (const path of ['/good', '/bad']) $send.http({ method: 'GET', url: '${receiver.origin}' + path })`
  const event = await app.run([{ type: 'code', code }])
  assert.equal(dest(event), '1/2')
  const [good, bad] = event.deliveries
  assert.equal(good!.status, 'delivered')
  assert.equal(bad!.status, 'failed')
  assert.equal(bad!.code, 'http_status')
  assert.equal(bad!.attempts.length, 1)
  assert.equal(bad!.attempts[0]!.response!.status, 500)
  assert.equal(bad!.attempts[0]!.response!.body, 'oops')
  assert.equal(receiver.requests.length, 2)
})

test('app: the webhook Action with defaults posts its payload as JSON', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const app = await startApp(t)
  const step = {
    type: 'webhook',
    url: receiver.url('/hook'),
    payload: '({ order: $event.body.order })',
  }
  const event = await app.run([step], { order: 7 })
  const [request] = await receiver.received(1)
  assert.equal(request!.method, 'POST')
  assert.equal(request!.body.toString(), '{"order":7}')
  assert.equal(dest(event), '1/1')
  assert.equal(event.deliveries[0]!.step, 'webhook')
})

test('app: the webhook Action with every option sends them all', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const app = await startApp(t)
  const steps = [
    { type: 'code', name: 'first', code: 'return { id: "a b" }' },
    {
      type: 'webhook',
      name: 'hook',
      url: `${receiver.origin}/{{steps.first.$return_value.id}}`,
      method: 'PUT',
      payload: '$event.body',
      headers: { 'X-Path': '{{$event.path}}' },
      params: { who: '{{$event.body.who}}' },
      auth: { username: 'me', password: '{{"p" + 1}}' },
    },
  ]
  const event = await app.run(steps, { who: 'Luke & Han' })
  assert.equal(dest(event), '1/1', JSON.stringify(event.run))
  const [request] = await receiver.received(1)
  assert.equal(request!.method, 'PUT')
  assert.equal(request!.url, '/a%20b?who=Luke+%26+Han')
  assert.equal(headerOf(request!.headers, 'x-path'), '/')
  assert.equal(
    headerOf(request!.headers, 'authorization'),
    `Basic ${Buffer.from('me:p1').toString('base64')}`,
  )
  assert.equal(request!.body.toString(), '{"who":"Luke & Han"}')
  assert.doesNotMatch(JSON.stringify(event.deliveries), /bWU6cDE=/, 'credentials are masked')
})

test('app: a payload of undefined sends nothing for this event, visibly', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const app = await startApp(t)
  const step = { type: 'webhook', url: receiver.url('/hook'), payload: '$event.body.missing' }
  const event = await app.run([step], { order: 7 })
  assert.equal(dest(event), '0/0')
  assert.match(event.run!.steps[0]!.skipped[0]!.reason, /undefined/)
  assert.equal(receiver.requests.length, 0)
})

test('app: sends made before a throw are delivered, and later steps do not run', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const app = await startApp(t)
  const steps = [
    {
      type: 'code',
      name: 'one',
      code: `$send.http({ method: 'POST', url: '${receiver.url()}', data: 1 })\nthrow new RangeError('too far')`,
    },
    {
      type: 'code',
      name: 'two',
      code: `$send.http({ method: 'POST', url: '${receiver.url()}', data: 2 })`,
    },
  ]
  const event = await app.run(steps)
  assert.equal(event.run!.status, 'failed')
  assert.match(event.run!.message!, /^EXCEPTION RangeError: too far/)
  assert.equal(event.run!.steps[0]!.error!.line, 2)
  assert.equal(event.run!.steps[1]!.status, 'not_run')
  assert.equal(dest(event), '1/1')
})

test('app: with deliverOnError off a failed run sends nothing and shows what it withheld', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const app = await startApp(t)
  const code = `$send.http({ method: 'POST', url: '${receiver.url()}', data: 1 }); throw new Error('no')`
  const event = await app.run([{ type: 'code', code }], {}, { deliverOnError: false })
  assert.equal(dest(event), '0/0')
  assert.match(event.run!.steps[0]!.skipped[0]!.reason, /deliverOnError/)
  assert.equal(receiver.requests.length, 0)
})

test('app: $end stops the run without being an error, and its sends are delivered', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const app = await startApp(t)
  const steps = [
    {
      type: 'code',
      code: `$send.http({ method: 'POST', url: '${receiver.url()}', data: 1 }); $end('seen before')`,
    },
    { type: 'code', code: `throw new Error('not reached')` },
  ]
  const event = await app.run(steps)
  assert.equal(event.run!.status, 'ended')
  assert.equal(event.run!.message, '$end: seen before')
  assert.equal(dest(event), '1/1')
})

test('app: a time-out keeps what was sent and logged before it', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const app = await startApp(t)
  const steps = [
    { type: 'code', name: 'fine', code: 'return 1' },
    {
      type: 'code',
      name: 'loops',
      code: `console.log('here'); $send.http({ method: 'POST', url: '${receiver.url()}', data: 1 }); await new Promise(r => setTimeout(r, 20)); for (;;);`,
    },
  ]
  const event = await app.run(steps, {}, { timeoutMs: 1_000 })
  assert.equal(event.run!.status, 'timed_out')
  assert.match(event.run!.message!, /^TIMEOUT/)
  assert.deepEqual(
    event.run!.steps.map(({ status }) => status),
    ['succeeded', 'timed_out'],
  )
  assert.equal(event.run!.steps[1]!.logs[0]!.text, 'here')
  assert.equal(dest(event), '1/1')
})

test('app: a refused destination is shown as blocked, with the reason, and reached by nobody', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const app = await startApp(t, { SENDOFF_EGRESS_ALLOW: '127.0.0.2/32' })
  const code = `$send.http({ method: 'POST', url: '${receiver.url()}', data: 1 })
try { await fetch('${receiver.url()}') } catch (error) { console.log(String(error.cause ?? error)) }`
  const event = await app.run([{ type: 'code', code }])
  assert.equal(event.deliveries[0]!.status, 'blocked')
  assert.equal(event.deliveries[0]!.code, 'blocked')
  assert.match(event.deliveries[0]!.attempts[0]!.error!.message, /loopback/)
  assert.match(event.run!.steps[0]!.logs[0]!.text, /loopback/)
  assert.equal(receiver.connections, 0)
})
