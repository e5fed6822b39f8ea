/** Destinations by the API: what is decided about them beside what goes on there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { destinationId } from '../../src/model/destination.ts'
import type { DestinationActivity } from '../../src/model/destination.ts'
import { startInspector } from '../support/inspector.ts'
import type { TestInspector } from '../support/inspector.ts'
import { seedEvent } from '../support/seed.ts'

const ORIGIN = 'https://a.example:443'
const path = `/destinations/${destinationId(ORIGIN)}`

const busy: DestinationActivity = {
  origin: ORIGIN,
  concurrency: 32,
  inFlight: 3,
  waiting: 4,
  retryAfter: null,
  breaker: { state: 'closed', until: null },
  recent: { delivered: 8, failed: 2, p50Ms: 10, p95Ms: 95.5 },
  lastAttemptAt: 1_763_884_800_000,
  lastError: {
    at: 1_763_884_800_000,
    code: 'http_status',
    message: 'Cannot deliver: the destination answered 503',
    deliveryId: 'dlv_x',
  },
}

async function seeded(api: TestInspector): Promise<void> {
  const sends = [{}, {}, { url: 'http://b.example:8080/' }]
  await seedEvent(api, await api.workflow(), { sends })
}

test('destinations: each origin that had a delivery is listed, in order, page by page', async (t) => {
  const api = await startInspector(t)
  assert.deepEqual((await api.call('GET', '/destinations')).body.data, [])
  await seeded(api)
  const first = (await api.call('GET', '/destinations?limit=1')).body
  assert.equal(first.data[0].origin, 'http://b.example:8080')
  const { data, nextCursor } = (await api.call('GET', `/destinations?cursor=${first.nextCursor}`))
    .body
  assert.equal(nextCursor, null)
  const found = await api.call('GET', '/destinations?q=B.EXAMPLE')
  assert.deepEqual(found.body.data, first.data)
  assert.equal((await api.call('GET', `/destinations?q=${'x'.repeat(501)}`)).status, 400)
  assert.deepEqual(data, [
    {
      id: destinationId(ORIGIN),
      origin: ORIGIN,
      state: 'ok',
      paused: false,
      concurrency: null,
      concurrencyCap: 32,
      concurrencyNow: 32,
      ratePerSecond: null,
      inFlight: 0,
      waiting: 0,
      held: 0,
      retryAfter: null,
      breaker: { state: 'closed', until: null },
      recent: { windowMs: 900_000, delivered: 0, failed: 0, p50Ms: null, p95Ms: null },
      lastAttemptAt: null,
      lastError: null,
    },
  ])
})

test('destinations: what delivery sees stands beside what is decided', async (t) => {
  const api = await startInspector(t)
  await seeded(api)
  api.activity = busy
  const { body } = await api.call('GET', path)
  assert.deepEqual([body.inFlight, body.waiting, body.state], [3, 4, 'ok'])
  assert.equal(body.recent.p95Ms, 95.5)
  assert.equal(body.lastError.at, '2025-11-23T08:00:00.000Z')
})

test('destinations: the state is the one thing that holds it up most', async (t) => {
  const api = await startInspector(t)
  await seeded(api)
  const stateOf = async (activity: Partial<DestinationActivity>) => {
    api.activity = { ...busy, ...activity }
    return (await api.call('GET', path)).body.state
  }
  const retryAfter = Date.now() + 60_000
  assert.equal(await stateOf({ concurrency: 8 }), 'throttled')
  assert.equal(await stateOf({ retryAfter }), 'throttled')
  assert.equal(await stateOf({ retryAfter: Date.now() - 1 }), 'ok')
  const breaker = { state: 'half_open', until: retryAfter } as const
  assert.equal(await stateOf({ retryAfter, breaker }), 'open')
  await api.call('PATCH', path, { body: { paused: true } })
  assert.equal(await stateOf({ retryAfter, breaker }), 'paused')
})

test('destinations: a change names what it changes; null is the default', async (t) => {
  const api = await startInspector(t)
  await seeded(api)
  const change = async (body: object) => {
    const { status, body: shown } = await api.call('PATCH', path, { body })
    assert.equal(status, 200)
    return [shown.paused, shown.concurrency, shown.concurrencyCap, shown.ratePerSecond]
  }
  assert.deepEqual(await change({ concurrency: 4, ratePerSecond: 0.5 }), [false, 4, 4, 0.5])
  assert.deepEqual(await change({ paused: true }), [true, 4, 4, 0.5])
  assert.deepEqual(await change({ concurrency: null }), [true, null, 32, 0.5])
  assert.deepEqual(api.lifted, [])
  assert.deepEqual(await change({ paused: false, ratePerSecond: null }), [false, null, 32, null])
  assert.deepEqual(api.lifted, [`1 ${ORIGIN}`])
})

test('destinations: what makes no sense is refused, and so is what is not there', async (t) => {
  const api = await startInspector(t)
  await seeded(api)
  for (const body of [{ concurrency: 0 }, { concurrency: 257 }, { ratePerSecond: 0 }, { cap: 1 }]) {
    assert.equal((await api.call('PATCH', path, { body })).status, 400, JSON.stringify(body))
  }
  for (const id of [destinationId('https://c.example:443'), 'dst_%20', 'dst_', 'x']) {
    assert.equal((await api.call('GET', `/destinations/${id}`)).status, 404, id)
    const patch = await api.call('PATCH', `/destinations/${id}`, { body: { paused: true } })
    assert.equal(patch.status, 404, id)
  }
})
