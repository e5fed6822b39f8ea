/** Signing secrets over the API: shown once, replaced with a day's overlap, sealed at rest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startInspector } from '../support/inspector.ts'

const OWN = `whsec_${Buffer.alloc(32, 5).toString('base64')}`

test('[262] signing secret: none at first; made, it is shown once and after that only told of', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const path = `/workflows/${id}/signing-secret`
  assert.deepEqual((await api.call('GET', path)).body, { createdAt: null, previous: null })

  const made = await api.call('POST', path)
  assert.equal(made.status, 201)
  assert.match(made.body.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  assert.equal(made.body.previous, null)
  const told = await api.call('GET', path)
  assert.deepEqual(told.body, { createdAt: made.body.createdAt, previous: null })

  const other = await api.call('POST', `/workflows/${(await api.workflow()).id}/signing-secret`)
  assert.notEqual(other.body.secret, made.body.secret)
})

test('[257] signing secret: replaced, the old one lapses a day later; replaced again, it is gone', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const path = `/workflows/${id}/signing-secret`
  const first = (await api.call('POST', path)).body
  const second = (await api.call('POST', path, { body: { secret: OWN } })).body
  assert.equal(second.secret, OWN)
  assert.equal(second.previous.createdAt, first.createdAt)
  const inMs = Date.parse(second.previous.lapsesAt) - Date.now()
  assert.ok(Math.abs(inMs - 24 * 60 * 60 * 1000) < 60_000, String(inMs))
  const third = (await api.call('POST', path)).body
  assert.equal(third.previous.createdAt, second.createdAt)
  assert.equal((await api.store.listSigningSecrets(1, id)).length, 2)
  assert.deepEqual(
    api.hints.filter(({ kind }) => kind === 'signing'),
    Array.from({ length: 3 }, () => ({ kind: 'signing', accountId: 1, workflowId: id })),
  )
})

test('[257] signing secret: the day of the old one can be ended at once, as often as one likes', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const path = `/workflows/${id}/signing-secret`
  for (const secret of [undefined, OWN]) await api.call('POST', path, { body: { secret } })
  assert.equal((await api.signing.of(1, id)).keys.length, 2)
  for (const _ of ['first', 'again']) {
    const { status, body } = await api.call('DELETE', `${path}/previous`)
    assert.deepEqual([status, body.previous], [200, null])
  }
  assert.deepEqual((await api.signing.of(1, id)).keys, [Buffer.alloc(32, 5)])
  assert.equal(api.hints.filter(({ kind }) => kind === 'signing').length, 4)
})

test('[216] signing secret: it is sealed at rest, and opens for its own workflow only [217]', async (t) => {
  const api = await startInspector(t)
  const [mine, other] = [await api.workflow(), await api.workflow()]
  await api.call('POST', `/workflows/${mine.id}/signing-secret`, { body: { secret: OWN } })
  const [kept] = await api.store.listSigningSecrets(1, mine.id)
  assert.doesNotMatch(Buffer.from(kept!.sealed, 'base64').toString('latin1'), /whsec_/)
  assert.deepEqual((await api.signing.of(1, mine.id)).keys, [Buffer.alloc(32, 5)])
  await api.store.keepSigningSecret(1, other.id, kept!.sealed)
  await assert.rejects(api.signing.of(1, other.id), /its signing secret does not open/)
})

test('signing secret: one that is none is refused with what it must be, and not repeated', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const path = `/workflows/${id}/signing-secret`
  for (const secret of ['', 'whsec_', 'canary-secret', `whsec_${'A'.repeat(28)}`]) {
    const { status, body, text } = await api.call('POST', path, { body: { secret } })
    assert.equal(status, 400)
    assert.match(body.detail, /secret must be whsec_ and 24 to 64 bytes in base64/)
    assert.doesNotMatch(text, /canary/)
  }
  assert.equal((await api.call('POST', path, { body: { secrets: OWN } })).status, 400)
  assert.equal((await api.call('GET', path)).body.createdAt, null)
})

test('signing secret: the first request of a workflow without one draws it', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const [one, two] = await Promise.all([api.signing.of(1, id), api.signing.of(1, id)])
  assert.equal(one.keys[0]!.length, 32)
  assert.deepEqual(one, two)
  const told = await api.call('GET', `/workflows/${id}/signing-secret`)
  assert.ok(told.body.createdAt)
})
