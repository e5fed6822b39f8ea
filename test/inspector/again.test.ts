/** Doing it again: replay, redeliver, cancel. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliveryId } from '../../src/model/ids.ts'
import { startInspector } from '../support/inspector.ts'
import { request, seedEvent, settle } from '../support/seed.ts'

test('replay: a new event with the same bytes names its origin and runs the latest version', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const origin = await seedEvent(api, workflow)
  await api.call('PATCH', `/workflows/${workflow.id}`, { body: { name: 'V2' } })
  for (const options of [{}, { body: {} }, { body: { version: 'latest' } }]) {
    const made = await api.call('POST', `/events/${origin}/replay`, options)
    assert.equal(made.status, 201)
    const replay = await api.event(made.body.id)
    assert.deepEqual([replay.replayOf, replay.run!.version], [origin, 2])
    const [before, after] = [(await api.event(origin)).event, replay.event]
    assert.deepEqual(after, before)
  }
})

test('replay: the original version is the one the event ran on', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const origin = await seedEvent(api, workflow)
  await api.call('PATCH', `/workflows/${workflow.id}`, { body: { name: 'V2' } })
  const made = await api.call('POST', `/events/${origin}/replay`, { body: { version: 'original' } })
  assert.equal((await api.event(made.body.id)).run!.version, 1)
  assert.deepEqual(Buffer.from(api.submitted[0]!.request.body), request.body)
  const bad = await api.call('POST', `/events/${origin}/replay`, { body: { version: 'first' } })
  assert.equal(bad.status, 400)
  assert.match(bad.body.detail, /version must be one of latest, original/)
})

test('replay: what cannot be replayed is a 409 that says why', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const error = { code: 'body_too_large', message: 'Cannot accept: too large' }
  const refused = await seedEvent(api, workflow, { error })
  const conflict = await api.call('POST', `/events/${refused}/replay`)
  assert.equal(conflict.status, 409)
  assert.match(conflict.body.detail, /body_too_large/)
  const orphan = await seedEvent(api, workflow)
  await api.call('DELETE', `/workflows/${workflow.id}`)
  const gone = await api.call('POST', `/events/${orphan}/replay`)
  assert.deepEqual([gone.status, gone.body.code], [409, 'conflict'])
  assert.equal(api.submitted.length, 0)
})

test('redeliver: 202 with the id; the delivery is due, delivery is woken and the page is told', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const eventId = await seedEvent(api, workflow, { sends: [{}] })
  const id = deliveryId(eventId, 0, 0)
  const busy = await api.call('POST', `/deliveries/${id}/redeliver`)
  assert.deepEqual([busy.status, busy.body.code, api.wakes], [409, 'conflict', 0])
  await settle(api, eventId, 0, 'failed', { outcome: 'failed', code: 'reset' })
  const hinted = api.hints.length
  const again = await api.call('POST', `/deliveries/${id}/redeliver`)
  assert.deepEqual([again.status, again.body, api.wakes], [202, { id }, 1])
  assert.deepEqual(api.hints.slice(hinted), [
    { kind: 'delivery', accountId: 1, workflowId: workflow.id, eventId, deliveryId: id },
  ])
  assert.equal((await api.event(eventId)).deliveries[0]!.status, 'pending')
})

test('cancel: 200 with the id and the status; a second time, or once it ended, is a 409', async (t) => {
  const api = await startInspector(t)
  const eventId = await seedEvent(api, await api.workflow(), { sends: [{}, {}] })
  const [first, second] = [deliveryId(eventId, 0, 0), deliveryId(eventId, 0, 1)]
  await settle(api, eventId, 0, 'failed', { outcome: 'failed', code: 'reset' })
  assert.equal((await api.call('POST', `/deliveries/${first}/cancel`)).status, 409)
  await api.call('POST', `/deliveries/${first}/redeliver`)
  const canceled = await api.call('POST', `/deliveries/${first}/cancel`)
  assert.deepEqual([canceled.status, canceled.body], [200, { id: first, status: 'canceled' }])
  assert.equal((await api.event(eventId)).deliveries[0]!.status, 'canceled')
  assert.equal((await api.call('POST', `/deliveries/${first}/cancel`)).status, 409)
  assert.equal((await api.call('POST', `/deliveries/${second}/cancel`)).status, 409)
})
