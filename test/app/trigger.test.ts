/** How events come in to the whole server: whom it lets in, and by which name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.ts'

const steps = [{ type: 'code', code: 'return $event.path' }]

test('app: a token that senders must show is a variable, and masked where their event is shown', async (t) => {
  const app = await startApp(t)
  const token = 'only-for-the-shop'
  await app.api.call('PUT', '/env/SHOP_TOKEN', { value: token })
  const triggerAuth = { type: 'bearer', variable: 'SHOP_TOKEN' }
  const guarded = await app.workflow(steps, { triggerAuth })
  assert.deepEqual(guarded.settings.triggerAuth, triggerAuth)

  assert.equal((await app.send(guarded)).status, 401)
  const headers = { authorization: `Bearer ${token}`, 'X-Copy': token }
  assert.equal((await app.send(guarded, '', { headers })).status, 200)
  assert.ok(!JSON.stringify(await app.settled(guarded)).includes(token))
})
