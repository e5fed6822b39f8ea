/** Anything but 2xx is a failure with one code: the table of SPEC section 5, against a real receiver. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { faultOf } from '../../src/delivery/fault.ts'
import { createEgress } from '../../src/egress/connector.ts'
import { EgressError } from '../../src/egress/egress.ts'
import type { Egress } from '../../src/egress/egress.ts'
import type { Attempt, FailureCode } from '../../src/model/delivery.ts'
import { attemptAll, attemptOne } from '../support/attempt-one.ts'
import { loopbackEgress, taskTo } from '../support/delivery-task.ts'
import { startFaultServer } from '../support/fault-server.ts'
import type { FaultServer, Script } from '../support/fault-server.ts'
import { startReceiver } from '../support/receiver.ts'
import { responseFaults } from '../support/response-faults.ts'

const HEAD = 'HTTP/1.1 200 OK\r\n'
const OK = `${HEAD}content-length: 2\r\n\r\nok`
/** Short for those that wait for it; the others end before a loaded machine gets there. */
const timeoutFor = (code: FailureCode | null) => (code === 'timeout' ? 2_000 : 10_000)

let server: FaultServer
before(async () => {
  server = await startFaultServer(
    Object.fromEntries(responseFaults.map(({ name, script }) => [name, script])),
  )
})
after(() => server.close())

/** Large enough that a receiver which does not read holds it up. */
const bodyFor = (script: Script) => Buffer.alloc(script.early ? 8 * 1024 * 1024 : 2)

describe('attempt: a receiver that', { concurrency: 8 }, () => {
  for (const { name, code, detail, status, script } of responseFaults) {
    test(`${name} ends as ${code ?? 'delivered'}`, async () => {
      const send = { timeoutMs: timeoutFor(code), body: bodyFor(script) }
      const attempt = await attemptOne(taskTo(server.url(name), send))
      const { error, response, timings } = attempt
      const story = JSON.stringify({ code: attempt.code, error })
      assert.deepEqual([attempt.code, error?.detail ?? null], [code, detail], story)
      assert.equal(attempt.outcome, code ? 'failed' : 'delivered', story)
      assert.equal(response?.status ?? null, status, story)
      if (error) assertUnderstandable(error.message)
      assert.ok(timings!.totalMs < send.timeoutMs + 5_000, `${timings!.totalMs} ms`)
    })
  }
})

/** Our own sentence, with nothing in it of the client's or the parser's. */
function assertUnderstandable(message: string): void {
  assert.match(message, /^Cannot [a-z ]+: [a-z]./)
  assert.doesNotMatch(message, /UND_ERR|HPE_|undici|ECONN|does not match|other side|Error/)
}

test('attempt: at least 60 faults of responses are told apart from success', () => {
  const failing = responseFaults.filter(({ code }) => code !== null)
  assert.ok(new Set(failing.map(({ name }) => name)).size >= 60, String(failing.length))
})

test('[98] attempt: what was read before a break is kept and marked truncated', async () => {
  const { response } = await attemptOne(taskTo(server.url('[98] closed mid-body')))
  assert.equal(Buffer.from(response!.body).toString(), 'abc')
  assert.equal(response!.truncated, true)
})

test('attempt: a fault nobody foresaw has a sentence of its own, and its text as the detail', () => {
  const { code, message, detail } = faultOf(
    Object.assign(new Error('odd'), { code: 'E_ODD' }),
    'waiting',
  )
  assert.deepEqual([code, detail], ['protocol', 'E_ODD: odd'])
  assertUnderstandable(message)
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
  // The name is known only once the attempt has ended.
  const protect = (_: unknown, attempt: Attempt) => (resolve(['203.0.113.1']), attempt)
  const task = taskTo('http://slow.example/', { timeoutMs: 100 })
  assert.equal((await attemptOne(task, egress, { protect })).code, 'timeout')
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
