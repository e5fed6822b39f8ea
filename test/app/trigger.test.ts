/** How events come in to the whole server: whom it lets in, and by which name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.ts'
import { http, sendRaw, statuses } from '../support/trigger.ts'

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

test('app: <key>.<trigger domain> is the endpoint, at any path and nothing else', async (t) => {
  const app = await startApp(t, { SENDOFF_TRIGGER_DOMAIN: 'hooks.example' })
  const workflow = await app.workflow(steps)
  const key = workflow.endpoint.split('/').at(-1)!
  const { port } = new URL(app.url)
  const ask = async (host: string, target: string): Promise<readonly number[]> =>
    statuses(
      await sendRaw(Number(port), [
        http(`POST ${target} HTTP/1.1`, `Host: ${host}`, 'Content-Length: 0', 'Connection: close'),
      ]),
    )

  assert.deepEqual(await ask(`${key}.hooks.example`, '/api/v1/workflows?a=1'), [200])
  const { event, run } = await app.settled(workflow)
  assert.equal(event.url, `http://${key}.hooks.example/api/v1/workflows?a=1`)
  assert.equal(run!.steps[0]!.exports['$return_value'], '/api/v1/workflows')
  assert.deepEqual(await ask(`${key.toUpperCase()}.Hooks.Example.:8700`, '/'), [200])
  for (const host of ['nokey.hooks.example', `a.${key}.hooks.example`]) {
    assert.deepEqual(await ask(host, `/t/${key}`), [404], host)
  }
  assert.deepEqual(await ask('hooks.example', `/t/${key}`), [200], 'the path names it elsewhere')
  assert.deepEqual(await ask(`${key}.xhooks.example`, '/x'), [404])
})

test('app: the pages cannot be below the trigger domain', async (t) => {
  const settings = {
    SENDOFF_TRIGGER_DOMAIN: 'example.org',
    SENDOFF_PUBLIC_URL: 'https://app.example.org',
  }
  await assert.rejects(startApp(t, settings), /SENDOFF_TRIGGER_DOMAIN must be a domain that/)
})
