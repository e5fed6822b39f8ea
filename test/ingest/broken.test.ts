/** Requests that break HTTP or break off, written to raw sockets: SECURITY 133 to 139 and 147. */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { http, KEY, sendRaw, startTrigger, statuses, until } from '../support/trigger.ts'

const POST = `POST /t/${KEY} HTTP/1.1`
const CHUNKED = 'Transfer-Encoding: chunked'

const broken: Readonly<Record<string, string>> = {
  'Content-Length and Transfer-Encoding': `${http(POST, 'Host: h', 'Content-Length: 3', CHUNKED)}0\r\n\r\n`,
  'Transfer-Encoding: xchunked': http(POST, 'Host: h', 'Transfer-Encoding: xchunked'),
  'Transfer-Encoding: chunked, identity': http(
    POST,
    'Host: h',
    'Transfer-Encoding: chunked, identity',
  ),
  'a space before the colon': http(POST, 'Host: h', 'Transfer-Encoding : chunked'),
  'two Content-Length': http(POST, 'Host: h', 'Content-Length: 3', 'Content-Length: 4'),
  'Content-Length: +2': http(POST, 'Host: h', 'Content-Length: +2'),
  'Content-Length: 0x2': http(POST, 'Host: h', 'Content-Length: 0x2'),
  'no Host': http(POST, 'Connection: close'),
  'bare LF': `${POST}\nHost: h\nContent-Length: 0\n\n`,
  'bare CR': `${POST}\r\nHost: h\rX: y\r\n\r\n`,
  'NUL in a header': http(POST, 'Host: h', 'X: a\0b'),
  'a folded header': http(POST, 'Host: h', 'X: a', ' b'),
  'a bad chunk size': `${http(POST, 'Host: h', CHUNKED)}3\r\nabc\r\nzz\r\n`,
  'a chunk longer than it says': `${http(POST, 'Host: h', CHUNKED)}3\r\nabcd\r\n0\r\n\r\n`,
  'an unknown version': http(`POST /t/${KEY} HTTP/3.0`, 'Host: h'),
  'a method that is none': http(`P@ST /t/${KEY} HTTP/1.1`, 'Host: h'),
  'TLS on a plain port': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
}

for (const [what, text] of Object.entries(broken)) {
  test(`trigger: [133] ${what} is 400 and no event`, async (t) => {
    const trigger = await startTrigger(t)
    assert.deepEqual(statuses(await trigger.raw(text)), [400])
    assert.deepEqual(trigger.store.events, [])
  })
}

for (const hosts of [
  ['Host: a', 'Host: b'],
  ['Host: a', 'hOST: a'],
  ['Host: a/b'],
  ['Host: a b'],
  ['Host:'],
]) {
  test(`trigger: [134] a request has exactly one Host: ${hosts.join(', ')} is 400`, async (t) => {
    const trigger = await startTrigger(t)
    const answer = await trigger.raw(http(POST, ...hosts, 'Connection: close'))
    assert.deepEqual(statuses(answer), [400])
    assert.deepEqual(trigger.store.events, [])
  })
}

test('trigger: [135] a target in absolute form is routed by its path alone', async (t) => {
  const trigger = await startTrigger(t)
  const target = `http://evil.example:1/t/${KEY}/a?b`
  const line = (url: string): string => http(`POST ${url} HTTP/1.1`, 'Host: h', 'Connection: close')
  assert.deepEqual(statuses(await trigger.raw(line(target))), [200])
  const { uri, path, host } = trigger.store.events[0]!.request
  assert.deepEqual({ uri, path, host }, { uri: target, path: '/a', host: 'h' })
  assert.match(await trigger.raw(line('http://evil.example/t')), /rest$/)
})

test('trigger: [136] a flood of chunk extensions is refused and no event', async (t) => {
  const trigger = await startTrigger(t)
  const flood = `3;${'x'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`
  assert.deepEqual(statuses(await trigger.raw(http(POST, 'Host: h', CHUNKED), flood)), [400])
  assert.deepEqual(trigger.store.events, [])
})

test('trigger: [137] a request that ends early never becomes an event, and holds no memory', async (t) => {
  const trigger = await startTrigger(t, { bodyMemoryBytes: 4_000 })
  for (const text of [
    `${http(POST, 'Host: h', 'Content-Length: 1000')}${'x'.repeat(900)}`,
    `${http(POST, 'Host: h', CHUNKED)}384\r\n${'x'.repeat(900)}\r\n`,
    `${POST}\r\nHost: h\r\n`,
  ]) {
    for (let round = 0; round < 5; round++) {
      const socket = connect({ port: trigger.port, host: '127.0.0.1', allowHalfOpen: false })
      const closed = new Promise((resolve) => socket.on('close', resolve))
      socket.on('error', () => socket.destroy()).resume()
      if (round % 2 === 0) socket.end(text)
      else socket.write(text, () => socket.resetAndDestroy())
      await closed
    }
  }
  const whole = await fetch(trigger.url, { method: 'POST', body: 'x'.repeat(1_900) })
  assert.equal(whole.status, 200)
  assert.equal(trigger.store.events.length, 1)
})

test('trigger: [138] headers that come too slowly are 408', async (t) => {
  const trigger = await startTrigger(t, { headersTimeoutMs: 500 })
  assert.deepEqual(statuses(await trigger.raw(`${POST}\r\nHost: h\r\nX-Slow: `)), [408])
  assert.equal(await trigger.raw(), '') // nothing was asked, so nothing is answered
})

test('trigger: [138] a body that trickles is 408 and no event; one that keeps pace is awaited', async (t) => {
  const trigger = await startTrigger(t, { bodyLimitBytes: 20_000_000 })
  let theirs: Socket | undefined
  const hear = (message: unknown): void => void (theirs = (message as { socket: Socket }).socket)
  subscribe('net.server.socket', hear)
  t.after(() => unsubscribe('net.server.socket', hear))
  const socket = connect(trigger.port, '127.0.0.1')
  let received = ''
  socket.on('data', (data) => (received += String(data)))
  const sent = 6_000_000
  socket.write(http(POST, 'Host: h', `Content-Length: ${sent + 10}`, 'Expect: 100-continue'))
  await until(() => received.includes('100 Continue'))
  trigger.advance(29_000)
  socket.write('x'.repeat(sent)) // at 64 KiB/s these bytes are worth 91 s
  await until(() => theirs!.bytesRead > sent)
  trigger.advance(60_000)
  await new Promise((resolve) => setTimeout(resolve, 1_500)) // a whole sweep passes it by
  assert.deepEqual(statuses(received), [100])
  trigger.advance(60_000)
  await until(() => socket.closed)
  assert.deepEqual(statuses(received), [100, 408])
  assert.deepEqual(trigger.store.events, [])
})

test('trigger: [139] 17 KB of header, 17 KB of target or 3,000 headers are 431', async (t) => {
  const trigger = await startTrigger(t)
  const long = 'x'.repeat(17 * 1024)
  const many = Array.from({ length: 3_000 }, () => 'a:')
  for (const text of [
    http(POST, 'Host: h', `X: ${long}`),
    http(`POST /t/${KEY}/${long} HTTP/1.1`, 'Host: h'),
    http(POST, 'Host: h', 'Connection: close', ...many),
    http(POST, 'Host: h', ...many.slice(0, 1_001), 'Connection: close'),
  ]) {
    assert.deepEqual(statuses(await trigger.raw(text)), [431])
  }
  assert.deepEqual(trigger.store.events, [])
})

test('trigger: [147] CONNECT is refused, Upgrade is ignored', async (t) => {
  const trigger = await startTrigger(t)
  assert.deepEqual(statuses(await trigger.raw(http('CONNECT h:80 HTTP/1.1', 'Host: h:80'))), [405])
  const upgrade = http(POST, 'Host: h', 'Connection: close, Upgrade', 'Upgrade: websocket')
  assert.deepEqual(statuses(await trigger.raw(upgrade)), [200])
  assert.equal(trigger.store.events.length, 1)
})

test('trigger: a broken request does not overtake or take away the answer to the one before it', async (t) => {
  const trigger = await startTrigger(t)
  const commit = Promise.withResolvers<void>()
  trigger.store.commit = () => commit.promise
  const whole = `${http(POST, 'Host: h', 'Content-Length: 2')}ok`
  const answers = [
    sendRaw(trigger.port, [`${whole}BROKEN\r\n\r\n`]),
    sendRaw(trigger.port, [`${whole}${http(POST, 'Host: h', CHUNKED)}zz\r\n`]),
  ]
  await until(() => trigger.handOver.held === 2)
  commit.resolve()
  for (const answer of answers) assert.deepEqual(statuses(await answer), [200, 400])
  assert.equal(trigger.store.events.length, 2)
})

test('trigger: [151] 1,000 pipelined requests are answered in order', async (t) => {
  const trigger = await startTrigger(t)
  const requests = Array.from({ length: 1_000 }, (_, i) =>
    http(`GET /t/${i % 2 ? KEY : 'x'} HTTP/1.1`, 'Host: h'),
  )
  const answers = await trigger.raw(requests.join(''), http(POST, 'Host: h', 'Connection: close'))
  assert.deepEqual(statuses(answers), [...requests.map((_, i) => (i % 2 ? 200 : 404)), 200])
})
