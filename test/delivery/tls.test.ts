/** Deliveries over TLS, with an authority of the test's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createEgress } from '../../src/egress/connector.ts'
import { attemptAll, attemptOne } from '../support/attempt-one.ts'
import { createAuthority } from '../support/certificates.ts'
import { taskTo } from '../support/delivery-task.ts'
import { startReceiver } from '../support/receiver.ts'

const authority = createAuthority()
const egress = createEgress(
  { clock: systemClock },
  { allow: ['127.0.0.0/8'], ca: [authority.cert] },
)

test('attempt: over TLS the handshake is timed, for the attempt that opened the connection', async () => {
  await using stack = new AsyncDisposableStack()
  const receiver = await startReceiver(undefined, { tls: authority.issue('127.0.0.1') })
  stack.defer(() => receiver.close())
  const url = receiver.url()
  const [first, second] = await attemptAll([taskTo(url), taskTo(url)], egress)
  assert.equal(first?.outcome, 'delivered')
  assert.equal(first.remoteAddress, `127.0.0.1:${receiver.port}`)
  assert.ok(first.timings!.tlsMs! > 0)
  assert.equal(second?.timings!.tlsMs, null)
  assert.equal(second.remoteAddress, first.remoteAddress)
  assert.equal(receiver.connections, 1)
})

for (const [number, what, pair] of [
  [124, 'an expired certificate', authority.issue('127.0.0.1', -1)],
  [125, 'a certificate for another host', authority.issue('other.example')],
  [126, 'a self-signed certificate', authority.selfSigned('127.0.0.1')],
] as const) {
  test(`[${number}] attempt: ${what} ends as tls, and nothing is sent`, async () => {
    await using stack = new AsyncDisposableStack()
    const receiver = await startReceiver(undefined, { tls: pair })
    stack.defer(() => receiver.close())
    const attempt = await attemptOne(taskTo(receiver.url()), egress)
    assert.equal(attempt.code, 'tls')
    assert.equal(receiver.requests.length, 0)
    assert.ok(attempt.error!.detail)
  })
}

test('attempt: a redirect from http to https is followed', async () => {
  await using stack = new AsyncDisposableStack()
  const safe = await startReceiver(undefined, { tls: authority.issue('127.0.0.1') })
  stack.defer(() => safe.close())
  const plain = await startReceiver(() => ({ status: 307, headers: { location: safe.url('/in') } }))
  stack.defer(() => plain.close())
  const attempt = await attemptOne(taskTo(plain.url(), { followRedirects: 1 }), egress)
  assert.equal(attempt.outcome, 'delivered')
  assert.equal(attempt.request?.url, safe.url('/in'))
  assert.ok(attempt.timings!.tlsMs! > 0)
})
