/** Tokens over the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startInspector } from '../support/inspector.ts'

test('tokens: the secret is in the answer that issued it and in no other [203]', async (t) => {
  const api = await startInspector(t)
  const expiresAt = '2099-01-01T00:00:00.000Z'
  const body = { name: 'ci', scopes: ['read', 'write'], expiresAt }
  const made = await api.call('POST', '/tokens', { body })
  assert.equal(made.status, 201)
  const { token, id, createdAt, ...rest } = made.body
  assert.match(token, /^so_/)
  const shown = {
    name: 'ci',
    scopes: ['read', 'write'],
    last4: token.slice(-4),
    lastUsedAt: null,
    expiresAt,
  }
  assert.deepEqual(rest, shown)
  const list = await api.call('GET', '/tokens')
  assert.deepEqual(list.body, { data: [{ id, createdAt, ...shown }], nextCursor: null })
})

test('tokens: without scopes a token may only read', async (t) => {
  const api = await startInspector(t)
  const { body } = await api.call('POST', '/tokens', { body: { name: 'reader' } })
  assert.deepEqual(body.scopes, ['read'])
  assert.equal((await api.call('GET', '/workflows', { token: body.token })).status, 200)
  assert.equal((await api.call('POST', '/workflows', { token: body.token, body: {} })).status, 403)
})

test('tokens: a revoked one fails from the next request on; revoking twice is a 404 [203]', async (t) => {
  const api = await startInspector(t)
  const { body } = await api.call('POST', '/tokens', { body: { name: 'brief', scopes: ['read'] } })
  assert.equal((await api.call('GET', '/workflows', { token: body.token })).status, 200)
  const revoked = await api.call('DELETE', `/tokens/${body.id}`)
  assert.deepEqual([revoked.status, revoked.text], [204, ''])
  assert.equal((await api.call('GET', '/workflows', { token: body.token })).status, 401)
  assert.equal((await api.call('DELETE', `/tokens/${body.id}`)).status, 404)
})

test('tokens: an expired one is refused', async (t) => {
  const api = await startInspector(t)
  const body = { name: 'old', scopes: ['admin'], expiresAt: '2020-01-01T00:00:00Z' }
  const { token } = (await api.call('POST', '/tokens', { body })).body
  const refused = await api.call('GET', '/workflows', { token })
  assert.equal(refused.status, 401)
  assert.match(refused.body.detail, /expired/)
})

test('tokens: bad wishes are refused by field [212]', async (t) => {
  const api = await startInspector(t)
  const table = [
    [{}, /name is missing/],
    [{ name: '' }, /name/],
    [{ name: 'x'.repeat(201) }, /name/],
    [{ name: 'x', scopes: [] }, /scopes/],
    [{ name: 'x', scopes: ['root'] }, /scopes\.0 must be one of read, write, admin/],
    [{ name: 'x', expiresAt: 'never' }, /expiresAt/],
    [{ name: 'x', accountId: 2 }, /accountId is unknown/],
    [[], /must be object/],
  ] as const
  for (const [body, reason] of table) {
    const refused = await api.call('POST', '/tokens', { body })
    assert.equal(refused.status, 400, JSON.stringify(body))
    assert.match(refused.body.detail, reason)
  }
})
