/** Variables over the API: written, listed by name, never given back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../src/model/limits.ts'
import { startInspector } from '../support/inspector.ts'
import { seedEvent, settle } from '../support/seed.ts'

test('env: a variable is set, replaced, listed by name and removed; no answer has its value', async (t) => {
  const api = await startInspector(t)
  for (const value of ['first-value', 'second-value']) {
    const set = await api.call('PUT', '/env/API_KEY', { body: { value } })
    assert.equal(set.status, 204)
    assert.equal(set.text, '')
  }
  await api.call('PUT', '/env/_b2', { body: { value: '' } })
  const listed = await api.call('GET', '/env')
  assert.deepEqual(
    listed.body.data.map(({ name }: { name: string }) => name),
    ['API_KEY', '_b2'],
  )
  assert.ok(Date.now() - Date.parse(listed.body.data[0].updatedAt) < 60_000)
  assert.doesNotMatch(listed.text, /-value/)
  assert.equal((await api.call('DELETE', '/env/API_KEY')).status, 204)
  assert.equal((await api.call('DELETE', '/env/API_KEY')).status, 404)
  assert.deepEqual(
    (await api.variables.of(1)).values,
    Object.assign(Object.create(null), { _b2: '' }),
  )
})

test('env: one account neither sees, changes nor removes what is another’s', async (t) => {
  const api = await startInspector(t)
  const { secret: token } = await api.token(2, ['admin'])
  await api.call('PUT', '/env/SHARED', { body: { value: 'mine-alone' } })
  assert.deepEqual((await api.call('GET', '/env', { token })).body.data, [])
  assert.equal((await api.call('DELETE', '/env/SHARED', { token })).status, 404)
  await api.call('PUT', '/env/SHARED', { token, body: { value: 'theirs' } })
  assert.equal((await api.variables.of(1)).values['SHARED'], 'mine-alone')
})

test('env: names and values out of bounds are refused with the reason', async (t) => {
  const api = await startInspector(t)
  for (const name of ['1A', 'A-B', 'A%20B', 'A%00', 'Ü', 'A'.repeat(129)]) {
    const { status, body } = await api.call('PUT', `/env/${name}`, { body: { value: 'x' } })
    assert.equal(status, 400, name)
    assert.match(body.detail, /its name must be 1 to 128 letters/)
  }
  for (const name of ['PATH', 'NODE_OPTIONS', 'node_options', 'LD_PRELOAD', 'SENDOFF_PORT']) {
    const { status, body } = await api.call('PUT', `/env/${name}`, { body: { value: 'x' } })
    assert.equal(status, 400, name)
    assert.match(body.detail, /its name is one that Node, the system or Sendoff reads for itself/)
  }
  assert.equal((await api.call('PUT', '/env/NODE_ENV', { body: { value: 'x' } })).status, 204)
  assert.equal((await api.call('DELETE', '/env/NODE_ENV')).status, 204)
  const longest = 'A'.repeat(128)
  const value = 'é'.repeat(limits.variableBytes / 2)
  assert.equal((await api.call('PUT', `/env/${longest}`, { body: { value } })).status, 204)
  const over = await api.call('PUT', '/env/A', { body: { value: `${value}x` } })
  assert.equal(over.status, 400)
  assert.match(over.body.detail, /32769 bytes, the limit is 32768/)
  const nul = await api.call('PUT', '/env/A', { body: { value: 'a\0b' } })
  assert.match(nul.body.detail, /null character/)
  const half = await api.call('PUT', '/env/A', { body: '{"value":"\\ud800"}' })
  assert.match(half.body.detail, /well-formed/)
  for (const body of [{}, { value: 1 }, { value: 'x', extra: 1 }]) {
    assert.equal((await api.call('PUT', '/env/A', { body })).status, 400)
  }
})

test(`env: variable ${limits.variables + 1} is refused, and says to delete one`, async (t) => {
  const api = await startInspector(t)
  const names = Array.from({ length: limits.variables }, (_, i) => `V${i}`)
  await Promise.all(names.map((name) => api.variables.set(1, name, 'x')))
  const { status, body } = await api.call('PUT', '/env/MORE', { body: { value: 'x' } })
  assert.equal(status, 409)
  assert.match(body.detail, /there are 200 already, delete one first/)
  assert.equal((await api.call('PUT', '/env/V0', { body: { value: 'y' } })).status, 204)
})

test('env: a request that waits to be sent, and an answer that repeats it, are shown without values [220]', async (t) => {
  const api = await startInspector(t)
  await api.variables.set(1, 'KEY', 'canary-value-1')
  const workflow = await api.workflow()
  const send = {
    url: 'https://example.com/canary-value-1?k=canary-value-1',
    headers: [['x-custom', 'canary-value-1']] as const,
    body: Buffer.from('{"k":"canary-value-1"}'),
  }
  const id = await seedEvent(api, workflow, { sends: [send, send] })
  const [waiting] = (await api.event(id)).deliveries
  assert.equal(waiting!.request.url, 'https://example.com/••••?k=••••')
  assert.deepEqual(waiting!.request.headers, [['x-custom', '••••']])
  assert.equal(waiting!.request.body, '{"k":"••••"}')

  const body = Buffer.from('you sent canary-value-1')
  await settle(api, id, 1, 'failed', {
    outcome: 'failed',
    code: 'http_status',
    error: { message: 'it said canary-value-1', detail: null },
    response: {
      status: 400,
      headers: [['x-echo', 'canary-value-1']],
      body,
      size: body.length,
      sha256: '0'.repeat(64),
      truncated: false,
    },
  })
  const [attempt] = (await api.event(id)).deliveries[1]!.attempts
  assert.equal(attempt!.response!.body, 'you sent ••••')
  assert.deepEqual(attempt!.response!.headers, [['x-echo', '••••']])
  assert.equal(attempt!.error!.message, 'it said ••••')

  await api.call('DELETE', '/env/KEY')
  assert.doesNotMatch(JSON.stringify(await api.event(id)), /canary/, 'a removed value stays masked')
})
