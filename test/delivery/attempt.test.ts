/** One attempt: the request that goes out, and what is captured of both sides. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { limits } from '../../src/model/limits.ts'
import { attemptAll, attemptOne } from '../support/attempt-one.ts'
import { taskTo, USER_AGENT } from '../support/delivery-task.ts'
import { headerOf, startReceiver } from '../support/receiver.ts'
import type { Received, Script } from '../support/receiver.ts'

async function receiving(script?: Script) {
  const stack = new AsyncDisposableStack()
  const receiver = await startReceiver(script)
  stack.defer(() => receiver.close())
  return { receiver, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const values = (request: Received | undefined, ...names: readonly string[]) =>
  names.map((name) => headerOf(request?.headers ?? [], name))

test('attempt: success is 2xx', async () => {
  await using at = await receiving((_, count) => ({
    status: [200, 204, 299, 300, 404][count - 1]!,
  }))
  const attempts = await attemptAll(Array.from({ length: 5 }, () => taskTo(at.receiver.url())))
  assert.deepEqual(
    attempts.map(({ outcome, code }) => [outcome, code]),
    [
      ['delivered', null],
      ['delivered', null],
      ['delivered', null],
      ['failed', 'http_status'],
      ['failed', 'http_status'],
    ],
  )
})

test('attempt: headers are added unless the user set them', async () => {
  await using at = await receiving()
  const task = taskTo(at.receiver.url('/a'))
  await attemptOne(task)
  const own = [
    ['USER-AGENT', 'mine'],
    ['Webhook-Id', 'my-id'],
    ['webhook-timestamp', '1'],
    ['TraceParent', 'mine'],
  ] as const
  await attemptOne(taskTo(at.receiver.url('/b'), { headers: own }))
  const [plain, overridden] = at.receiver.requests
  const names = ['user-agent', 'webhook-id', 'webhook-timestamp', 'traceparent'] as const
  const [agent, id, timestamp, trace] = values(plain, ...names)
  assert.equal(agent, USER_AGENT)
  assert.equal(id, task.id)
  assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 5)
  assert.match(trace!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  assert.deepEqual(values(overridden, ...names), ['mine', 'my-id', '1', 'mine'])
  assert.equal(overridden?.headers.filter(([name]) => /^user-agent$/i.test(name)).length, 1)
})

test('attempt: sendoff-hops is always set, and counts on', async () => {
  await using at = await receiving()
  const headers = [['Sendoff-Hops', '0']] as const
  await attemptOne(taskTo(at.receiver.url(), { headers }, { hops: 3 }))
  const hops = at.receiver.requests[0]?.headers.filter(([name]) => /^sendoff-hops$/i.test(name))
  assert.deepEqual(hops, [['sendoff-hops', '4']])
})

test('[193] attempt: a request that passed through Sendoff more than 5 times is refused', async () => {
  await using at = await receiving()
  assert.equal((await attemptOne(taskTo(at.receiver.url(), {}, { hops: 4 }))).outcome, 'delivered')
  const refused = await attemptOne(taskTo(at.receiver.url(), {}, { hops: 5 }))
  assert.equal(`${refused.outcome} ${refused.code}`, 'blocked blocked')
  assert.match(refused.error!.message, /loop guard/)
  assert.equal(at.receiver.connections, 1)
})

test('[79] attempt: own headers go out in order, repeats kept, as latin1', async () => {
  await using at = await receiving()
  const headers = [
    ['X-B', '1'],
    ['x-a', 'é'],
    ['X-B', '2'],
  ] as const
  await attemptOne(taskTo(at.receiver.url(), { headers }))
  const got = at.receiver.requests[0]?.headers.filter(([name]) => /^x-/i.test(name))
  assert.deepEqual(got, headers)
})

test('[84] attempt: GET, HEAD and DELETE with a body send it', async () => {
  await using at = await receiving()
  const body = Buffer.from('kept')
  for (const method of ['GET', 'HEAD', 'DELETE'] as const) {
    await attemptOne(taskTo(at.receiver.url(), { method, body }))
  }
  assert.deepEqual(
    at.receiver.requests.map((request) => `${request.method} ${request.body.toString()}`),
    ['GET kept', 'HEAD kept', 'DELETE kept'],
  )
})

test('[83] attempt: the method goes out in upper case, and never as CONNECT or nothing', async () => {
  await using at = await receiving()
  await attemptOne(taskTo(at.receiver.url(), { method: 'post' }))
  assert.equal(at.receiver.requests[0]?.method, 'POST')
  for (const method of ['', 'connect', 'GET /x', 'A\r\nB']) {
    const refused = await attemptOne(taskTo(at.receiver.url(), { method }))
    assert.equal(refused.code, 'protocol', method)
  }
  assert.equal(at.receiver.requests.length, 1)
})

test('[62] [77] [80] attempt: headers that would change where or how it is framed are refused', async () => {
  await using at = await receiving()
  const bad = [
    ['Host', 'pub.test'],
    ['transfer-encoding', 'chunked'],
    ['Content-Length', '1'],
    ['Connection', 'x-a'],
    ['x-a', 'a\r\nx-b: 1'],
    ['x a', '1'],
    ['', '1'],
    ['x-a', '中'],
  ] as const
  for (const header of bad) {
    const refused = await attemptOne(taskTo(at.receiver.url(), { headers: [header] }))
    assert.equal(refused.code, 'protocol', header[0])
    assert.match(refused.error!.message, /^Cannot send the request: /)
  }
  assert.equal(at.receiver.requests.length, 0)
})

test('attempt: the response is captured with status, headers and body', async () => {
  const body = Buffer.from([0xff, 0, 0x80, 0x0a])
  await using at = await receiving(() => ({ status: 500, headers: { 'X-Case': 'Kept' }, body }))
  const { response } = await attemptOne(taskTo(at.receiver.url()))
  assert.equal(response?.status, 500)
  assert.equal(headerOf(response.headers, 'X-Case'), 'Kept')
  assert.deepEqual(Buffer.from(response.body), body)
  assert.equal(response.size, 4)
  assert.equal(response.sha256, createHash('sha256').update(body).digest('hex'))
  assert.equal(response.truncated, false)
})

test('[115] [116] attempt: a compressed body is stored as received, and judged by its status', async () => {
  const body = Buffer.from('this is not gzip')
  await using at = await receiving(() => ({ headers: { 'content-encoding': 'gzip' }, body }))
  const { outcome, response } = await attemptOne(taskTo(at.receiver.url()))
  assert.equal(outcome, 'delivered')
  assert.deepEqual(Buffer.from(response!.body), body)
})

test('attempt: of a body the first 64 KiB are kept, with true length, SHA-256 and truncated', async () => {
  const body = Buffer.alloc(200_000, 'abc')
  await using at = await receiving(() => ({ body }))
  const { response } = await attemptOne(taskTo(at.receiver.url()))
  assert.equal(response?.body.length, limits.responseStoredBytes)
  assert.deepEqual(Buffer.from(response.body), body.subarray(0, limits.responseStoredBytes))
  assert.equal(response.size, 200_000)
  assert.equal(response.sha256, createHash('sha256').update(body).digest('hex'))
  assert.equal(response.truncated, true)
})

test('[114] attempt: reading an endless body stops at 1 MiB; delivered is by status', async () => {
  const chunk = Buffer.alloc(65_536, 'x')
  function* endless() {
    for (;;) yield chunk
  }
  await using at = await receiving(() => ({
    raw: 'HTTP/1.1 200 OK\r\n\r\n',
    trickle: { everyMs: 1, raw: endless() },
  }))
  const { outcome, response } = await attemptOne(taskTo(at.receiver.url()))
  assert.equal(outcome, 'delivered')
  // To the byte, however the network cut what came: the hash is of these bytes.
  assert.equal(response!.size, limits.responseReadBytes)
  const read = Buffer.alloc(limits.responseReadBytes, 'x')
  assert.equal(response!.sha256, createHash('sha256').update(read).digest('hex'))
  assert.equal(response!.truncated, true)
})

test('[104] attempt: of many small headers 100 are kept, marked truncated', async () => {
  const headers = Object.fromEntries(Array.from({ length: 1_500 }, (_, i) => [`h${i}`, '1']))
  await using at = await receiving(() => ({ headers }))
  const { outcome, response } = await attemptOne(taskTo(at.receiver.url()))
  assert.equal(outcome, 'delivered')
  assert.equal(response?.headers.length, 100)
  assert.equal(response.truncated, true)
})

test('attempt: connect times are of the attempt that opened the connection; the address is always there', async () => {
  await using at = await receiving()
  const attempts = await attemptAll([taskTo(at.receiver.url()), taskTo(at.receiver.url())])
  const [first, second] = attempts.map(({ timings }) => timings)
  assert.equal(at.receiver.connections, 1)
  assert.ok(first!.dnsMs! >= 0 && first!.connectMs! > 0)
  assert.deepEqual([second!.dnsMs, second!.connectMs, second!.tlsMs], [null, null, null])
  for (const { remoteAddress, timings } of attempts) {
    assert.equal(remoteAddress, `127.0.0.1:${at.receiver.port}`)
    assert.ok(timings!.firstByteMs! > 0 && timings!.totalMs >= timings!.firstByteMs!)
    assert.ok(timings!.queuedMs >= 0)
  }
})

test('[221] attempt: what is shown of the request is as sent, with secrets masked', async () => {
  await using at = await receiving()
  const headers = [
    ['Authorization', 'Bearer abcdefghijkl'],
    ['Content-Type', 'text/plain'],
  ] as const
  const url = at.receiver.url('/p?api_key=0123456789abcdef&q=1')
  const { request } = await attemptOne(taskTo(url, { headers, body: Buffer.from('hey') }))
  assert.equal(request?.url, at.receiver.url('/p?api_key=••••cdef&q=1'))
  assert.equal(headerOf(request.headers, 'authorization'), '••••ijkl')
  assert.equal(headerOf(request.headers, 'content-type'), 'text/plain')
  assert.equal(headerOf(request.headers, 'content-length'), '3')
  assert.equal(headerOf(request.headers, 'host'), `127.0.0.1:${at.receiver.port}`)
  assert.equal(at.receiver.requests[0]?.url, '/p?api_key=0123456789abcdef&q=1')
  assert.equal(headerOf(at.receiver.requests[0]?.headers ?? [], 'authorization'), headers[0][1])
})

test('attempt: the headers shown are those on the wire, one for one, whatever the method', async () => {
  await using at = await receiving()
  const bodies = [null, Buffer.alloc(0), Buffer.from('hey')]
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'PURGE']) {
    for (const body of bodies) {
      const { request } = await attemptOne(taskTo(at.receiver.url(), { method, body }))
      assert.deepEqual(request!.headers, at.receiver.requests.at(-1)!.headers, method)
    }
  }
})
