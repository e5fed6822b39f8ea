/** livez, readyz and metrics. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { AppError } from '../../src/errors.ts'
import { Readiness } from '../../src/inspector/health.ts'
import { limits } from '../../src/model/limits.ts'
import { startInspector } from '../support/inspector.ts'
import { RECEIVED_AT, seedEvent } from '../support/seed.ts'

test('health: readyz is 503 while starting or draining, livez is 200 throughout', async (t) => {
  const api = await startInspector(t)
  const ready = await api.raw('GET', '/readyz', { token: null })
  assert.deepEqual([ready.status, ready.body], [200, { status: 'ready' }])
  api.inspector.setReady(false)
  const draining = await api.raw('GET', '/readyz', { token: null })
  assert.deepEqual([draining.status, draining.body.code], [503, 'draining'])
  assert.equal(draining.headers.get('retry-after'), '1')
  const live = await api.raw('GET', '/livez', { token: null })
  assert.deepEqual([live.status, live.body], [200, { status: 'live' }])
})

test('health: metrics ask for a token and come as they were rendered [214]', async (t) => {
  const body = '# TYPE up gauge\nup 1\n'
  const contentType = 'text/plain; version=0.0.4; charset=utf-8'
  const api = await startInspector(t, { metrics: { render: async () => ({ contentType, body }) } })
  assert.equal((await api.raw('GET', '/metrics', { token: null })).status, 401)
  const { secret: token } = await api.token(1, ['read'])
  const answer = await api.raw('GET', '/metrics', { token })
  assert.deepEqual([answer.status, answer.text], [200, body])
  assert.equal(answer.headers.get('content-type'), contentType)
})

test('readiness: a store that cannot write is not ready', async () => {
  const store = {
    check: () => Promise.reject(new AppError('store_unavailable', { reason: 'full' })),
  }
  const readiness = new Readiness({ store, clock: systemClock })
  await assert.rejects(readiness.confirm(), { code: 'starting' })
  readiness.set(true)
  await assert.rejects(readiness.confirm(), { code: 'store_unavailable' })
})

test('readiness: a store that does not answer is given up after 2 s', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const store = { check: () => Promise.withResolvers<void>().promise }
  const readiness = new Readiness({ store, clock: systemClock })
  readiness.set(true)
  const asked = readiness.confirm()
  t.mock.timers.tick(limits.readyCheckMs)
  await assert.rejects(asked, { code: 'store_unavailable', message: /2000 ms/ })
})

test('readiness: many probes are one check a second', async () => {
  let now = 0
  let checks = 0
  const store = { check: async () => void checks++ }
  const readiness = new Readiness({ store, clock: { ...systemClock, monotonicMs: () => now } })
  readiness.set(true)
  await Promise.all(Array.from({ length: 50 }, () => readiness.confirm()))
  assert.equal(checks, 1)
  now = limits.readyCacheMs + 1
  await readiness.confirm()
  assert.equal(checks, 2)
})

test('health: version, isolation, store, backlog and age are shown to any token', async (t) => {
  const api = await startInspector(t)
  const { secret: token } = await api.token(1, ['read'])
  await seedEvent(api, await api.workflow(), { outcome: null })
  const { status, body } = await api.call('GET', '/health', { token })
  assert.equal(status, 200)
  assert.deepEqual(body, {
    version: '0.0.0',
    isolation: { level: 'process', because: 'the tests say so' },
    store: { kind: 'sqlite', ok: true },
    backlog: {
      queuedEvents: 1,
      pendingDeliveries: 0,
      oldestQueuedAt: new Date(RECEIVED_AT).toISOString(),
    },
    uptimeSeconds: body.uptimeSeconds,
  })
  assert.ok(body.uptimeSeconds >= 0 && body.uptimeSeconds < 60)
})

test('health: with the store gone it still answers, and says so', async (t) => {
  const api = await startInspector(t)
  await api.store.stop()
  const { status, body } = await api.call('GET', '/health')
  assert.equal(status, 200)
  assert.deepEqual(body.store, { kind: 'sqlite', ok: false })
  assert.equal(body.backlog, null)
})
