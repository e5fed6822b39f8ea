/** Tests of a workflow: dry runs, and tests that send. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startInspector } from '../support/inspector.ts'
import { outcome, seedEvent, send, step } from '../support/seed.ts'

test('test: a dry run answers like an event, sends captured and none delivered, nothing stored', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  api.result = { outcome, sends: [send, { ...send, index: 1, body: null }] }
  const dry = await api.call('POST', `/workflows/${workflow.id}/test`, {
    body: { event: { method: 'PUT', path: '/x', body: { a: 1 } }, send: false },
  })
  assert.equal(dry.status, 200)
  const { event, run, dest, deliveries } = dry.body
  assert.deepEqual([event.method, event.path, event.body], ['PUT', '/x', { a: 1 }])
  assert.deepEqual([run.status, run.version, run.steps], ['succeeded', 1, [step]])
  assert.deepEqual(dest, { delivered: 0, total: 2 })
  assert.equal(deliveries[0].request.body, '{"a":1}')
  for (const { status, attempts } of deliveries)
    assert.deepEqual([status, attempts], ['canceled', []])
  const list = await api.call('GET', `/workflows/${workflow.id}/events`)
  assert.deepEqual(list.body.data, [])
  assert.equal((await api.call('GET', `/events/${dry.body.id}`)).status, 404)
  assert.equal(api.wakes, 0)
})

test('test: unsaved steps run on a stored event, and nothing of them is saved', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const event = await seedEvent(api, workflow)
  const steps = [{ type: 'code', code: 'return 2' }]
  const dry = await api.call('POST', `/workflows/${workflow.id}/test`, { body: { event, steps } })
  assert.equal(dry.status, 200)
  assert.deepEqual(dry.body.event, (await api.event(event)).event)
  assert.partialDeepStrictEqual(api.submitted[0], { test: true, steps, replayOf: null, version: 1 })
  assert.deepEqual((await api.call('GET', `/workflows/${workflow.id}`)).body, workflow)
})

test('test: with send it is a stored event, 202 with its id', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const body = { event: { body: 'hello' }, send: true }
  const sent = await api.call('POST', `/workflows/${workflow.id}/test`, { body })
  assert.equal(sent.status, 202)
  assert.deepEqual(Object.keys(sent.body), ['id'])
  assert.equal((await api.event(sent.body.id)).event.body, 'hello')
  assert.deepEqual([api.submitted[0]!.test, api.submitted[0]!.steps], [true, null])
})

test('test: what cannot be tested is refused with the reason', async (t) => {
  const api = await startInspector(t)
  const { id, ...workflow } = await api.workflow()
  const error = { code: 'body_too_large', message: 'Cannot accept: too large' }
  const refused = await seedEvent(api, { id, ...workflow }, { error })
  const table = [
    [{ event: refused }, 400, /body_too_large/],
    [{ event: 'evt_00000000000000000000000000' }, 404, /evt_0/],
    [{ event: 7 }, 400, /event/],
    [{}, 400, /event/],
    [{ event: {}, steps: [{ type: 'code', name: 'bad', code: 'return (' }] }, 400, /bad/],
    [{ event: {}, steps: [{ type: 'code', code: '', extra: 1 }] }, 400, /extra/],
    [{ event: {}, send: 'yes' }, 400, /send/],
    [{ event: {}, dry: true }, 400, /dry/],
    [{ event: { body: 1, surprise: 1 } }, 400, /surprise/],
  ] as const
  for (const [body, status, reason] of table) {
    const answer = await api.call('POST', `/workflows/${id}/test`, { body })
    assert.equal(answer.status, status, JSON.stringify(body))
    assert.match(answer.body.detail, reason)
  }
  assert.equal(api.submitted.length, 0)
})
