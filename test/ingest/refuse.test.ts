/** What the trigger refuses, and how it says so. Titles quote SPEC section 2 and SECURITY section H. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { AppError } from '../../src/errors.ts'
import { endpoint, http, KEY, settings, startTrigger, statuses, until } from '../support/trigger.ts'
import type { Trigger } from '../support/trigger.ts'

const post = (trigger: Trigger, body = 'x'): Promise<Response> =>
  fetch(trigger.url, { method: 'POST', body })

test('trigger: [145] unknown key or inactive workflow is 404, of one shape', async (t) => {
  const trigger = await startTrigger(t)
  trigger.store.endpoints.set('inactive', { ...endpoint, active: false })
  const answers = await Promise.all(
    ['unknown', 'inactive', '', 'inactive/x?y'].map(async (key) => {
      const answer = await fetch(`http://127.0.0.1:${trigger.port}/t/${key}`, { method: 'POST' })
      return [answer.status, answer.headers.get('content-type'), await answer.text()]
    }),
  )
  for (const answer of answers) assert.deepEqual(answer, answers[0])
  assert.deepEqual(answers[0]!.slice(0, 2), [404, 'application/problem+json'])
  assert.deepEqual(trigger.store.events, [])
})

test('trigger: suspended workflow or account is 403', async (t) => {
  const trigger = await startTrigger(t)
  trigger.store.endpoints.set(KEY, { ...endpoint, suspended: true })
  assert.equal((await post(trigger)).status, 403)
  assert.deepEqual(trigger.store.events, [])
})

test('trigger: [140] body over the limit is 413, and the event is still listed, with that error and no run', async (t) => {
  const trigger = await startTrigger(t, { bodyLimitBytes: 1000 })
  const head = [`POST /t/${KEY}/big HTTP/1.1`, 'Host: h']
  const announced = await trigger.raw(http(...head, 'Content-Length: 1001') + 'x'.repeat(1001))
  const chunked = await trigger.raw(
    http(...head, 'Transfer-Encoding: chunked'),
    `3e8\r\n${'x'.repeat(1000)}\r\n`,
    '1\r\nx\r\n0\r\n\r\n',
  )
  for (const answer of [announced, chunked]) {
    assert.deepEqual(statuses(answer), [413])
    assert.match(answer, /\r\nConnection: close\r\n/)
    assert.match(answer, /over the limit of 1000 bytes/)
  }
  assert.equal(trigger.store.events.length, 2)
  for (const { error, request, idempotency, leased } of trigger.store.events) {
    assert.equal(error?.code, 'body_too_large')
    assert.equal(request.path, '/big')
    assert.equal(request.body.length, 0)
    assert.deepEqual([idempotency, leased], [null, false])
  }
  assert.deepEqual(trigger.handOver.offered, [])
  assert.equal(trigger.handOver.held, 0)
})

test('trigger: a body of exactly the limit is accepted', async (t) => {
  const trigger = await startTrigger(t, { bodyLimitBytes: 1000 })
  assert.equal((await post(trigger, 'x'.repeat(1000))).status, 200)
  const stream = new Blob(['x'.repeat(1000)]).stream()
  const chunked = await fetch(trigger.url, { method: 'POST', body: stream, duplex: 'half' })
  assert.equal(chunked.status, 200)
})

test('trigger: [140] 413 comes before the rest of the body is sent, and reaches a sender that goes on', async (t) => {
  const trigger = await startTrigger(t)
  const socket = connect(trigger.port, '127.0.0.1')
  socket.write(http(`POST /t/${KEY} HTTP/1.1`, 'Host: h', 'Content-Length: 99999999'))
  const [first] = await once(socket, 'data')
  assert.deepEqual(statuses(String(first)), [413])
  socket.destroy()
  for (let round = 0; round < 5; round++) {
    assert.equal((await post(trigger, 'x'.repeat(8_000_000))).status, 413)
  }
})

test('trigger: [146] 100 Continue is sent when the body is wanted, and not when it is refused', async (t) => {
  const trigger = await startTrigger(t, { bodyLimitBytes: 10 })
  const head = (length: number, expectation = '100-continue'): string =>
    http(
      `POST /t/${KEY} HTTP/1.1`,
      'Host: h',
      `Content-Length: ${length}`,
      `Expect: ${expectation}`,
      'Connection: close',
    )
  assert.deepEqual(statuses(await trigger.raw(head(3) + 'abc')), [100, 200])
  assert.deepEqual(statuses(await trigger.raw(head(11) + 'x'.repeat(11))), [413])
  assert.deepEqual(statuses(await trigger.raw(head(3, 'tea') + 'abc')), [417])
})

test('trigger: over the rate is 429 with Retry-After; the rate is settable per workflow', async (t) => {
  const trigger = await startTrigger(t)
  const rated = { ...endpoint, settings: { ...settings, rate: { perSecond: 0.1, burst: 3 } } }
  trigger.store.endpoints.set(KEY, rated)
  trigger.store.endpoints.set('other', { ...endpoint, workflowId: 'wf_other' })
  const answers = []
  for (let i = 0; i < 5; i++) answers.push(await post(trigger))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 429, 429],
  )
  assert.equal(answers[4]!.headers.get('retry-after'), '10')
  assert.equal((await fetch(`http://127.0.0.1:${trigger.port}/t/other`)).status, 200)
  trigger.advance(10_000)
  assert.equal((await post(trigger)).status, 200)
  assert.equal(trigger.store.events.length, 5)
})

test('trigger: store unavailable is 503 with Retry-After; never a 200 that is then lost', async (t) => {
  const trigger = await startTrigger(t)
  trigger.store.commit = async () => {
    throw new AppError('store_unavailable', { reason: 'the disk is full' })
  }
  const answer = await post(trigger)
  assert.equal(answer.status, 503)
  assert.match(answer.headers.get('retry-after')!, /^\d+$/)
  assert.match(((await answer.json()) as { detail: string }).detail, /the disk is full/)
  assert.deepEqual(trigger.handOver.offered, [])
  assert.equal(trigger.handOver.held, 0)
  trigger.store.commit = async () => {}
  assert.equal((await post(trigger)).status, 200)
})

test('trigger: an unforeseen failure is a 500 that tells nothing of it', async (t) => {
  const trigger = await startTrigger(t)
  trigger.store.commit = async () => {
    throw new TypeError('x of undefined')
  }
  const answer = await post(trigger)
  assert.equal(answer.status, 500)
  assert.doesNotMatch(await answer.text(), /undefined/)
})

test('trigger: overload is 503 with Retry-After; one endpoint leaves the others room', async (t) => {
  const trigger = await startTrigger(t, { bodyMemoryBytes: 8_000 })
  trigger.store.endpoints.set('other', { ...endpoint, workflowId: 'wf_other' })
  const other = { ...trigger, url: trigger.url.replace(KEY, 'other') }
  const commit = Promise.withResolvers<void>()
  trigger.store.commit = () => commit.promise
  const body = 'x'.repeat(1_000)
  const waiting = [...Array(4)].map(() => post(trigger, body))
  await until(() => trigger.handOver.held === 4)
  const refused = await post(trigger, body)
  assert.equal(refused.status, 503)
  assert.equal(refused.headers.get('retry-after'), '1')
  waiting.push(...[...Array(4)].map(() => post(other, body)))
  await until(() => trigger.handOver.held === 8)
  assert.equal((await post(other, 'x')).status, 503)
  commit.resolve()
  for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200)
  for (let round = 0; round < 10; round++) assert.equal((await post(trigger, body)).status, 200)
})

test('trigger: while draining, new requests get 503 with Retry-After and those in flight end well', async (t) => {
  const trigger = await startTrigger(t)
  const commit = Promise.withResolvers<void>()
  trigger.store.commit = () => commit.promise
  const inFlight = post(trigger)
  await until(() => trigger.store.batches.length === 1)
  let stopped = false
  const stopping = trigger.ingest.stop().then(() => (stopped = true))
  const refused = await post(trigger)
  assert.equal(refused.status, 503)
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.equal(stopped, false)
  commit.resolve()
  assert.equal((await inFlight).status, 200)
  await stopping
})

test('trigger: [149] every answer can be read by any origin, is not sniffed, and sets no cookie', async (t) => {
  const trigger = await startTrigger(t, { bodyLimitBytes: 10 })
  const hostile = '<script>alert(1)</script>'
  const answers = [
    await post(trigger),
    await post(trigger, hostile),
    await fetch(`http://127.0.0.1:${trigger.port}/t/${encodeURIComponent(hostile)}`),
    await fetch(`${trigger.url}/${hostile}`, { headers: { 'idempotency-key': 'k'.repeat(256) } }),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 413, 404, 400],
  )
  for (const answer of answers) {
    assert.equal(answer.headers.get('access-control-allow-origin'), '*')
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(answer.headers.get('content-security-policy'), 'sandbox')
    assert.equal(answer.headers.get('set-cookie'), null)
    assert.match(answer.headers.get('content-type')!, /^application\/(?:problem\+)?json$/)
    assert.doesNotMatch(await answer.text(), /script/)
  }
})
