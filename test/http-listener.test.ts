/** The one server: who gets what, and how it starts and stops. Broken requests: ingest/broken.test.ts. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createHttpListener } from '../src/http-listener.ts'
import type { HttpListener } from '../src/http-listener.ts'
import { http, sendRaw, statuses } from './support/trigger.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function start(
  t: TestContext,
  rest: Handler = (request, response) => response.end(`rest ${request.url}`),
  options: { port?: number; sockets?: number } = {},
): Promise<HttpListener & { readonly port: number }> {
  const trigger: Handler = (request, response) => response.end(`trigger ${request.url}`)
  const listener = createHttpListener({ trigger, rest }, { host: '127.0.0.1', port: 0, ...options })
  await listener.start()
  t.after(() => listener.stop())
  return Object.assign(listener, { port: listener.address().port })
}

const get = (target: string, ...lines: readonly string[]): string =>
  http(`GET ${target} HTTP/1.1`, 'Host: h', 'Connection: close', ...lines)

test('listener: /t/ goes to the trigger as sent, everything else to the rest as a path', async (t) => {
  const { port } = await start(t)
  const table = {
    '/t/k/a?b': 'trigger /t/k/a?b',
    'http://x/t/k': 'trigger http://x/t/k',
    '/t': 'rest /t',
    '/': 'rest /',
    '/api/v1/x?y': 'rest /api/v1/x?y',
    'http://x/livez': 'rest /livez',
    'http://x': 'rest /',
  }
  for (const [target, answer] of Object.entries(table)) {
    assert.ok((await sendRaw(port, [get(target)])).endsWith(`\r\n${answer}`), target)
  }
})

test('listener: the rest is told 100 Continue, and needs exactly one Host', async (t) => {
  const { port } = await start(t)
  assert.deepEqual(statuses(await sendRaw(port, [get('/', 'Expect: 100-continue')])), [100, 200])
  assert.deepEqual(statuses(await sendRaw(port, [get('/', 'Host: other')])), [400])
})

test('listener: a port in use is a setting that names SENDOFF_PORT, a foreign address SENDOFF_HOST', async (t) => {
  const { port } = await start(t)
  await assert.rejects(start(t, undefined, { port }), {
    code: 'setting_invalid',
    message: /SENDOFF_PORT/,
  })
  const handlers = { trigger: () => {}, rest: () => {} }
  const foreign = createHttpListener(handlers, { host: '192.0.2.1', port: 0 })
  await assert.rejects(foreign.start(), { code: 'setting_invalid', message: /SENDOFF_HOST/ })
})

test('listener: where it listens is known to requests that are answered while it stops', async (t) => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<ServerResponse>()
  const listener = await start(t, (_, response) => arrive(response))
  const answer = sendRaw(listener.port, [get('/')])
  const response = await arrived
  const stopped = listener.stop()
  response.end(String(listener.address().port))
  assert.ok((await answer).endsWith(`\r\n${listener.port}`))
  await stopped
})

test('listener: stop may come first and twice', async () => {
  const listener = createHttpListener(
    { trigger: () => {}, rest: () => {} },
    { host: '127.0.0.1', port: 0 },
  )
  await listener.stop()
  await listener.stop()
})

test('listener: stop lets a request in flight end, closes idle and unused connections, and accepts no more', async (t) => {
  const begun = Promise.withResolvers<ServerResponse>()
  const listener = await start(t, (_request, response) => begun.resolve(response))
  const { port } = listener
  const unused = connect(port, '127.0.0.1')
  await once(unused, 'connect')
  const idle = connect(port, '127.0.0.1')
  idle.write(http('GET /t/x HTTP/1.1', 'Host: h'))
  await once(idle, 'data')
  const inFlight = sendRaw(port, [http('GET / HTTP/1.1', 'Host: h')])
  const response = await begun.promise
  const stopping = listener.stop()
  await Promise.all([once(unused.resume(), 'close'), once(idle.resume(), 'close')])
  assert.equal(await sendRaw(port, [get('/')]), '')
  response.end('done')
  assert.match(await inFlight, /done$/)
  await stopping
})

test('listener: drain waits for what is under way, and lets new requests in, one to a connection', async (t) => {
  const begun = Promise.withResolvers<ServerResponse>()
  const listener = await start(t, (request, response) =>
    request.url === '/held' ? begun.resolve(response) : response.end('stopping'),
  )
  const { port } = listener
  const inFlight = sendRaw(port, [get('/held')])
  const response = await begun.promise
  let isDrained = false
  const drained = listener.drain().then(() => (isDrained = true))
  // Without asking for it: the connection would be kept.
  const late = await sendRaw(port, [http('GET / HTTP/1.1', 'Host: h')])
  assert.match(late, /\r\nConnection: close\r\n[^]*stopping$/)
  assert.equal(isDrained, false)
  response.end('done')
  assert.match(await inFlight, /done$/)
  await drained
  await listener.stop()
  assert.equal(await sendRaw(port, [get('/')]), '')
})

test('listener: [151] connections past the cap are closed, the others go on', async (t) => {
  const { port } = await start(t, undefined, { sockets: 3 })
  const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  await Promise.all(held.map((socket) => once(socket, 'connect')))
  assert.deepEqual(statuses(await sendRaw(port, [get('/')])), [200])
  const third = connect(port, '127.0.0.1')
  third.write(http('GET / HTTP/1.1', 'Host: h'))
  await once(third, 'data')
  assert.equal(await sendRaw(port, [get('/')]), '')
  for (const socket of [...held, third]) socket.destroy()
})
