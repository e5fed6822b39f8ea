/** Anything but 2xx is a failure with one code: the table of SPEC section 5, against a real receiver. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createEgress } from '../../src/egress/connector.ts'
import { EgressError } from '../../src/egress/egress.ts'
import type { Egress } from '../../src/egress/egress.ts'
import type { Attempt, FailureCode } from '../../src/model/delivery.ts'
import { attemptAll, attemptOne } from '../support/attempt-one.ts'
import { loopbackEgress, taskTo } from '../support/delivery-task.ts'
import { startReceiver } from '../support/receiver.ts'
import type { Reply } from '../support/receiver.ts'

const HEAD = 'HTTP/1.1 200 OK\r\n'
const OK = `${HEAD}content-length: 2\r\n\r\nok`
const repeat = function* (text: string) {
  for (;;) yield text
}

type Row = readonly [name: string, reply: Reply, code: FailureCode | null, status?: number | null]

const rows: readonly Row[] = [
  ['[93] it never replies', { end: 'hang' }, 'timeout'],
  [
    '[94] headers trickle',
    { raw: HEAD, trickle: { everyMs: 20, raw: repeat('a: b\r\n') } },
    'timeout',
  ],
  [
    '[95] the body trickles',
    { raw: `${HEAD}content-length: 9999\r\n\r\n`, trickle: { everyMs: 20, raw: repeat('x') } },
    'timeout',
    200,
  ],
  [
    '[96] interim responses for ever',
    { raw: '', trickle: { everyMs: 20, raw: repeat('HTTP/1.1 103 Early Hints\r\n\r\n') } },
    'timeout',
  ],
  ['[97] it stalls mid-body', { raw: `${HEAD}content-length: 9\r\n\r\nabc` }, 'timeout', 200],
  ['[98] reset before a byte', { end: 'reset' }, 'reset'],
  [
    '[98] reset mid-body',
    {
      raw: `${HEAD}content-length: 9\r\n\r\nabc`,
      trickle: { everyMs: 30, raw: [''] },
      end: 'reset',
    },
    'reset',
    200,
  ],
  [
    '[98] closed mid-body',
    { raw: `${HEAD}content-length: 9\r\n\r\nabc`, end: 'close' },
    'reset',
    200,
  ],
  [
    '[98] closed mid-body after Connection: close',
    { raw: `${HEAD}connection: close\r\ncontent-length: 9\r\n\r\nabc`, end: 'close' },
    'reset',
    200,
  ],
  ['[99] closed without a byte', { end: 'close' }, 'reset'],
  [
    '[100] chunks cut short',
    { raw: `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nab`, end: 'close' },
    'protocol',
    200,
  ],
  [
    '[100] a bad chunk size',
    { raw: `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n` },
    'protocol',
    200,
  ],
  [
    '[102] two lengths',
    { raw: `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\nabc` },
    'protocol',
  ],
  [
    '[102] length and chunks',
    { raw: `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n` },
    'protocol',
  ],
  ['[102] a negative length', { raw: `${HEAD}content-length: -1\r\n\r\n` }, 'protocol'],
  [
    '[102] a length of 10^22',
    { raw: `${HEAD}content-length: 1${'0'.repeat(22)}\r\n\r\n` },
    'protocol',
  ],
  [
    '[103] a header of 64 KiB',
    { raw: `${HEAD}a: ${'x'.repeat(65_536)}\r\n\r\n` },
    'too_large_headers',
  ],
  [
    '[103] 10,000 headers',
    { raw: `${HEAD}${'abcdef: 1\r\n'.repeat(10_000)}\r\n` },
    'too_large_headers',
  ],
  ['[105] bare LF', { raw: 'HTTP/1.1 200 OK\ncontent-length: 0\n\n' }, 'protocol'],
  ['[105] NUL in a header', { raw: `${HEAD}a: \0\r\n\r\n` }, 'protocol'],
  ['[105] a folded header', { raw: `${HEAD}a: b\r\n c\r\ncontent-length: 0\r\n\r\n` }, 'protocol'],
  ['[105] an SSH banner', { raw: 'SSH-2.0-OpenSSH_9.2\r\n' }, 'protocol'],
  ['[105] HTTP/0.9', { raw: '<html>hello</html>', end: 'close' }, 'protocol'],
  ['[106] HTTP/1.0 without length', { raw: 'HTTP/1.0 200 OK\r\n\r\nall', end: 'close' }, null, 200],
  ['[106] no reason phrase', { raw: 'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n' }, null, 200],
  ['[107] status 000', { raw: 'HTTP/1.1 000 Odd\r\ncontent-length: 0\r\n\r\n' }, 'protocol'],
  [
    '[108] status 999',
    { raw: 'HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n' },
    'http_status',
    999,
  ],
  [
    '[109] 204 with a body',
    { raw: 'HTTP/1.1 204 None\r\ncontent-length: 3\r\n\r\nabc' },
    null,
    204,
  ],
  ['[110] 103 and then 200', { raw: `HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n${OK}` }, null, 200],
  [
    '[112] 101, unasked',
    { raw: 'HTTP/1.1 101 Switch\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n' },
    'protocol',
  ],
  [
    '[68] a redirect that is not followed',
    { status: 302, headers: { location: '/' } },
    'http_status',
    302,
  ],
]

for (const [name, reply, code, status = null] of rows) {
  test(`attempt: ${name} ends as ${code ?? 'delivered'}`, async () => {
    await using stack = new AsyncDisposableStack()
    const receiver = await startReceiver(() => reply)
    stack.defer(() => receiver.close())
    const result = await attemptOne(taskTo(receiver.url(), { timeoutMs: 300 }))
    assertOutcome(result, code)
    assert.equal(result.response?.status ?? null, status)
    assert.ok(result.timings!.totalMs < 1_300, `${result.timings!.totalMs} ms`)
  })
}

function assertOutcome(attempt: Attempt, code: FailureCode | null): void {
  const story = JSON.stringify({ code: attempt.code, error: attempt.error })
  assert.equal(attempt.code, code, story)
  assert.equal(attempt.outcome, code ? 'failed' : 'delivered', story)
  if (code) assert.match(attempt.error!.message, /^Cannot [a-z ]+: ./)
}

test('[98] attempt: what was read before a break is kept and marked truncated', async () => {
  await using stack = new AsyncDisposableStack()
  const receiver = await startReceiver(() => ({
    raw: `${HEAD}content-length: 9\r\n\r\nabc`,
    end: 'close',
  }))
  stack.defer(() => receiver.close())
  const { response } = await attemptOne(taskTo(receiver.url()))
  assert.equal(Buffer.from(response!.body).toString(), 'abc')
  assert.equal(response!.truncated, true)
})

for (const code of [
  'dns',
  'connect_refused',
  'connect_timeout',
  'tls',
  'reset',
  'blocked',
] as const) {
  test(`attempt: ${code} of the egress guard is told in its words`, async () => {
    const egress: Egress = {
      ...loopbackEgress(),
      connector: (_, callback) => callback(new EgressError(code, 'Its own words', 'DETAIL'), null),
    }
    const result = await attemptOne(taskTo('http://127.0.0.1:9999/'), egress)
    assert.equal(result.code, code)
    assert.equal(result.outcome, code === 'blocked' ? 'blocked' : 'failed')
    assert.deepEqual(result.error, { message: 'Its own words', detail: 'DETAIL' })
  })
}

test('attempt: a port where nobody listens ends as connect_refused', async () => {
  const receiver = await startReceiver()
  await receiver.close()
  const result = await attemptOne(taskTo(receiver.url()))
  assert.equal(result.code, 'connect_refused')
  assert.equal(result.remoteAddress, null)
})

test('[58] attempt: a name that does not exist ends as dns', async () => {
  const lookup = () =>
    Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))
  const egress = createEgress({ clock: systemClock, lookup }, { allow: ['127.0.0.0/8'] })
  const result = await attemptOne(taskTo('http://no.such.example/'), egress)
  assert.equal(result.code, 'dns')
})

test('attempt: an address nobody allowed ends as blocked, without a connection', async () => {
  await using stack = new AsyncDisposableStack()
  const receiver = await startReceiver()
  stack.defer(() => receiver.close())
  const egress = createEgress({ clock: systemClock }, { allow: [] })
  const result = await attemptOne(taskTo(receiver.url()), egress)
  assert.equal(`${result.outcome} ${result.code}`, 'blocked blocked')
  assert.equal(receiver.connections, 0)
})

test('attempt: plain HTTP where TLS is expected ends as tls', async () => {
  await using stack = new AsyncDisposableStack()
  const receiver = await startReceiver()
  stack.defer(() => receiver.close())
  const port = receiver.port
  assert.equal((await attemptOne(taskTo(`https://127.0.0.1:${port}/`))).code, 'tls')
})

test('attempt: the time limit counts from DNS on: a dial that hangs ends as timeout', async () => {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>()
  const egress = createEgress({ clock: systemClock, lookup: () => promise }, { allow: [] })
  const attempted = attemptOne(taskTo('http://slow.example/', { timeoutMs: 100 }), egress)
  setTimeout(() => resolve(['203.0.113.1']), 300)
  const result = await attempted
  assert.equal(result.code, 'timeout')
  assert.ok(result.timings!.totalMs < 290, `${result.timings!.totalMs} ms`)
})

test('[101] attempt: bytes beyond a response are not taken for the next one', async () => {
  await using stack = new AsyncDisposableStack()
  const poison = 'HTTP/1.1 201 POISON\r\ncontent-length: 6\r\n\r\nPOISON'
  const receiver = await startReceiver((_, count) =>
    count === 1 ? { raw: OK + poison } : { body: 'own' },
  )
  stack.defer(() => receiver.close())
  const [first, second] = await attemptAll([taskTo(receiver.url()), taskTo(receiver.url())])
  assert.equal(Buffer.from(first!.response!.body).toString(), 'ok')
  assert.equal(Buffer.from(second!.response!.body).toString(), 'own')
  assert.equal(receiver.connections, 2)
})

test('[113] attempt: an answer before the body was read is taken', async () => {
  await using stack = new AsyncDisposableStack()
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.pause()
      socket.write('HTTP/1.1 413 Large\r\ncontent-length: 0\r\n\r\n')
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  stack.defer(() => void server.close())
  const body = Buffer.alloc(8 * 1024 * 1024)
  const result = await attemptOne(taskTo(`http://127.0.0.1:${port}/`, { body }))
  assert.equal(result.response?.status, 413)
  assert.equal(result.code, 'http_status')
})
