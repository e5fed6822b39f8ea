/** What a server says while it starts and while it stops, to whoever asks over the network. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Agent, request } from 'undici'
import { createApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ADMIN_TOKEN, startApp } from '../support/app.ts'

/** The app has the global one refuse. */
const dispatcher = new Agent()
after(() => dispatcher.destroy())

type Said = { readonly status: number; readonly code: unknown; readonly retryAfter: unknown }

async function ask(url: string, method = 'GET'): Promise<Said> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const answer = await request(url, { method, headers, dispatcher, reset: true })
  const { code } = (await answer.body.json()) as { code?: unknown }
  return { status: answer.statusCode, code, retryAfter: answer.headers['retry-after'] }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('app: while it starts readyz, the API and endpoints are 503, and livez is 200', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-start-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const opening = Promise.withResolvers<void>()
  const open = Promise.withResolvers<void>()
  class SlowStore extends SqliteStore {
    override async start(): Promise<void> {
      opening.resolve()
      await open.promise
      await super.start()
    }
  }
  const port = await freePort()
  const env = {
    SENDOFF_PORT: String(port),
    SENDOFF_DATA: folder,
    SENDOFF_ADMIN_TOKEN: ADMIN_TOKEN,
    SENDOFF_ISOLATION: 'process',
  }
  const app = await createApp(
    readConfig({ flags: {}, file: {}, env }),
    (deps, options) => new SlowStore(deps, options),
  )
  const started = app.start()
  t.after(async () => {
    open.resolve()
    await started
    await app.stop()
  })
  await opening.promise
  const url = `http://127.0.0.1:${port}`
  const starting = { status: 503, code: 'starting', retryAfter: '1' }
  assert.deepEqual(await ask(`${url}/readyz`), starting)
  assert.deepEqual(await ask(`${url}/api/v1/workflows`), starting)
  assert.deepEqual(await ask(`${url}/t/anything`, 'POST'), starting)
  assert.equal((await ask(`${url}/livez`)).status, 200)
  open.resolve()
  await started
  assert.equal((await ask(`${url}/readyz`)).status, 200)
  assert.equal((await ask(`${url}/t/anything`, 'POST')).status, 404)
})

test('app: while it drains readyz, the API and endpoints are 503 to new connections too [168]', async (t) => {
  const app = await startApp(t)
  const arrived = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const held = createServer((_, response) => {
    arrived.resolve()
    void answer.promise.then(() => response.end('{}'))
  }).listen(0, '127.0.0.1')
  await once(held, 'listening')
  t.after(() => held.close())
  const { port } = held.address() as AddressInfo
  const code = `await fetch('http://127.0.0.1:${port}/').then((answer) => answer.json())`
  const workflow = await app.workflow([{ type: 'code', code }])
  await app.send(workflow)
  await arrived.promise

  const stopped = app.stop()
  const draining = { status: 503, code: 'draining', retryAfter: '1' }
  assert.deepEqual(await ask(`${app.url}/readyz`), draining)
  assert.deepEqual(await ask(`${app.url}/api/v1/workflows`), draining)
  assert.deepEqual(await ask(workflow.endpoint, 'POST'), draining)
  assert.equal((await ask(`${app.url}/livez`)).status, 200)
  answer.resolve()
  await stopped
  await assert.rejects(ask(`${app.url}/readyz`), { code: 'ECONNREFUSED' })
})
