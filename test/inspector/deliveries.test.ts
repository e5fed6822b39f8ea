/** The list of deliveries, the figures and the activity, over the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeliveryRowWire } from '../../src/inspector/wire-operations.ts'
import { limits } from '../../src/model/limits.ts'
import { startInspector } from '../support/inspector.ts'
import { attempt, seedEvent, settle } from '../support/seed.ts'

test('deliveries: one list over all workflows, newest first, by pages, secrets masked', async (t) => {
  const api = await startInspector(t)
  const [orders, invoices] = [await api.workflow(), await api.workflow('Invoices')]
  await api.variables.set(1, 'KEY', 'canary-value-1')
  const first = await seedEvent(api, orders, { sends: [{ url: 'https://a.example/in' }] })
  const url = 'https://u:p4ssword@b.example/canary-value-1?api_key=abcdefghijklmnop'
  const second = await seedEvent(api, invoices, { sends: [{ url }] })
  await settle(api, first, 0, 'failed', { outcome: 'failed', code: 'http_status' })
  const page = await api.call('GET', '/deliveries?limit=1')
  assert.equal(page.status, 200)
  const [row] = page.body.data as DeliveryRowWire[]
  assert.deepEqual([row!.eventId, row!.workflowId, row!.status], [second, invoices.id, 'sending'])
  assert.equal(row!.last, null)
  assert.doesNotMatch(page.text, /canary|p4ssword|abcdefgh/)
  const next = await api.call('GET', `/deliveries?limit=1&cursor=${page.body.nextCursor}`)
  const [older] = next.body.data as DeliveryRowWire[]
  assert.deepEqual([older!.eventId, older!.code], [first, 'http_status'])
  assert.deepEqual([older!.last!.status, older!.last!.totalMs], [200, 31])
  assert.equal(next.body.nextCursor, null)
})

test('deliveries: filters stand in the query, and what is not one is refused', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const event = await seedEvent(api, workflow, {
    sends: [{}, { url: 'https://b.example/in' }, {}],
  })
  await settle(api, event, 0, 'failed', { outcome: 'failed', code: 'reset' })
  const found = async (query: string) => {
    const { status, body } = await api.call('GET', `/deliveries?${query}`)
    assert.equal(status, 200, query)
    return (body.data as DeliveryRowWire[]).map(({ index }) => index)
  }
  assert.deepEqual(await found(`workflow=${workflow.id}`), [2, 1, 0])
  assert.deepEqual(await found('status=failed'), [0])
  assert.deepEqual(await found('code=reset'), [0])
  assert.deepEqual(await found(`origin=${encodeURIComponent('https://b.example')}`), [1])
  assert.deepEqual(await found('q=B.EXAMPLE'), [1])
  assert.deepEqual(await found(`before=${new Date(0).toISOString()}`), [])
  for (const query of ['status=lost', 'code=x', 'limit=0', 'before=soon', 'cursor=x', 'x=1']) {
    assert.equal((await api.call('GET', `/deliveries?${query}`)).status, 400, query)
  }
  const unknown = await api.call('GET', '/deliveries?workflow=wf_00000000000000000000000000')
  assert.equal(unknown.status, 404)
})

test('deliveries: one is read with its attempts, secrets masked', async (t) => {
  const api = await startInspector(t)
  await api.variables.set(1, 'KEY', 'canary-value-1')
  const event = await seedEvent(api, await api.workflow(), {
    sends: [{ url: 'https://a.example/canary-value-1' }],
  })
  await settle(api, event, 0, 'failed', { outcome: 'failed', code: 'http_status' })
  const [shown] = (await api.event(event)).deliveries
  const { status, body, text } = await api.call('GET', `/deliveries/${shown!.id}`)
  assert.equal(status, 200)
  assert.deepEqual(body, shown)
  assert.doesNotMatch(text, /canary/)
  const before = await api.call('GET', `/deliveries/${shown!.id}?before=1`)
  assert.deepEqual(before.body.attempts, [])
  for (const id of [shown!.id.replace(/0$/, '1'), 'dlv_1', event]) {
    assert.equal((await api.call('GET', `/deliveries/${id}`)).status, 404, id)
  }
  for (const query of ['before=0', 'before=x', 'after=1']) {
    assert.equal((await api.call('GET', `/deliveries/${shown!.id}?${query}`)).status, 400, query)
  }
})

test('deliveries: an event with more attempts than an answer carries says whose are left out', async (t) => {
  const api = await startInspector(t)
  const event = await seedEvent(api, await api.workflow(), { sends: [{}, {}] })
  const large = Buffer.alloc(limits.responseStoredBytes, 'x')
  const response = { ...attempt.response!, body: large, size: large.length }
  const most = Math.floor(limits.answerAttemptBytes / large.length)
  for (let number = 1; number <= most; number++) {
    await settle(api, event, 1, 'failed', { number, outcome: 'failed', response })
  }
  const [first, second] = (await api.event(event)).deliveries
  assert.deepEqual([first!.abridged, first!.attempts], [undefined, []])
  assert.deepEqual([second!.abridged, second!.attempts.length], [true, 1])
  assert.equal(second!.request.body, '{"a":1}')
  const [latest] = second!.attempts
  assert.deepEqual([latest!.number, latest!.request], [most, null])
  assert.deepEqual(latest!.response, {
    status: 200,
    headers: [],
    body: '',
    bodyEncoding: 'utf8',
    size: large.length,
    sha256: response.sha256,
    truncated: false,
  })
  const { body } = await api.call('GET', `/deliveries/${second!.id}`)
  assert.equal(body.abridged, undefined)
  assert.equal(body.attempts.at(-1).response.body.length, large.length)
  assert.ok(body.attempts[0].number > 1)
  const { number } = body.attempts[0]
  const earlier = await api.call('GET', `/deliveries/${second!.id}?before=${number}`)
  assert.equal(earlier.body.attempts.at(-1).number, number - 1)
})

test('stats: counts, success rate and quantiles, of all workflows or of one', async (t) => {
  const api = await startInspector(t)
  const [orders, other] = [await api.workflow(), await api.workflow('Other')]
  const receivedAt = Date.now()
  const event = await seedEvent(api, orders, { receivedAt, sends: [{}, {}, {}, {}] })
  for (const index of [0, 1, 2]) await settle(api, event, index, 'delivered')
  await settle(api, event, 3, 'failed', { outcome: 'failed', code: 'reset' })
  await seedEvent(api, other, { receivedAt, outcome: null })
  const all = (await api.call('GET', '/stats')).body
  assert.equal(all.totals.events, 2)
  assert.equal(all.totals.runs.succeeded, 1)
  assert.equal(all.totals.deliveries.delivered, 3)
  assert.equal(all.successRate, 0.75)
  assert.equal(all.isExact, true)
  assert.equal(all.queue.events, 1)
  assert.ok(all.series.length <= 72 && all.series.length >= 48)
  const bucket = all.series.find(({ events }: { events: number }) => events > 0)
  assert.deepEqual(bucket.deliveryMs, { p50: 31, p95: 31, p99: 31 })
  const one = (await api.call('GET', `/stats?workflow=${other.id}`)).body
  assert.deepEqual([one.totals.events, one.successRate], [1, null])
})

test('stats: a span that is none, or too long, is refused with the reason', async (t) => {
  const api = await startInspector(t)
  const refusals = {
    'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z': /from is not before to/,
    'from=1990-01-01T00:00:00Z&to=2026-01-01T00:00:00Z': /more than 5 years apart/,
    'workflow=wf_00000000000000000000000000': /Cannot find workflow/,
  }
  for (const [query, reason] of Object.entries(refusals)) {
    const { status, body } = await api.call('GET', `/stats?${query}`)
    assert.ok(status === 400 || status === 404, query)
    assert.match(body.detail, reason)
  }
})

test('activity: each workflow with its last day and what went wrong last', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const receivedAt = Date.now() - 1_000
  const event = await seedEvent(api, workflow, { receivedAt, sends: [{}, {}] })
  await settle(api, event, 0, 'failed', { outcome: 'failed', code: 'reset' })
  const { body } = await api.call('GET', '/activity')
  const [row] = body.data
  assert.equal(row.workflowId, workflow.id)
  assert.equal(row.hours.length, 24)
  assert.equal(row.hours[23], 1)
  assert.deepEqual([row.looked, row.failed], [1, 1])
  assert.deepEqual(row.lastError, {
    eventId: event,
    at: new Date(receivedAt).toISOString(),
    message: '1 of 2 deliveries failed',
  })
})
