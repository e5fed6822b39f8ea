/** Standard Webhooks v1: rows 255 to 262 of the security matrix, checked with the public verifier. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { systemClock } from '../../src/clock.ts'
import type { OutgoingRequest } from '../../src/delivery/request.ts'
import { signed } from '../../src/delivery/sign.ts'
import { SigningKeyCache } from '../../src/delivery/signing-keys.ts'
import { limits } from '../../src/model/limits.ts'
import { parseSigningSecret, spellSigningSecret } from '../../src/model/signing.ts'
import { attemptAll, attemptOne } from '../support/attempt-one.ts'
import { taskTo } from '../support/delivery-task.ts'
import { startReceiver } from '../support/receiver.ts'
import type { Received, Script } from '../support/receiver.ts'
import { sharedData, without } from '../support/shared-data.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const OTHER = spellSigningSecret(Buffer.alloc(32, 7))
const keysOf = (...secrets: readonly string[]) => secrets.map((one) => parseSigningSecret(one)!)
const signingWith = (...secrets: readonly string[]) => ({
  signingKeys: async () => keysOf(...secrets),
})

const headersOf = ({ headers }: Received) =>
  Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))
const verify = (request: Received, secret = SECRET) =>
  new Webhook(secret).verify(request.body, headersOf(request), { jsonParse: false })

async function receiving(script?: Script) {
  const receiver = await startReceiver(script)
  return { receiver, [Symbol.asyncDispose]: () => receiver.close() }
}

const vectors = 'standard-webhooks/vectors.json'
test('[255] sign: the public vectors are signed as published', { skip: without(vectors) }, () => {
  type Vector = {
    secret: string
    id: string
    timestamp: number
    payload: string
    signature: string
  }
  const { positive } = JSON.parse(sharedData(vectors)) as { positive: readonly Vector[] }
  assert.equal(positive.length, 2)
  for (const { secret, id, timestamp, payload, signature } of positive) {
    const request: OutgoingRequest = {
      method: 'POST',
      url: new URL('https://a.example/'),
      ownHeaders: [],
      addedHeaders: [
        ['webhook-id', id],
        ['webhook-timestamp', String(timestamp)],
      ],
      body: Buffer.from(payload),
    }
    const { addedHeaders } = signed(request, keysOf(secret))
    assert.deepEqual(addedHeaders.at(-1), ['webhook-signature', signature])
  }
})

test('[256] [259] sign: what is sent verifies, byte by byte, whatever the body is', async () => {
  await using at = await receiving()
  const bodies = ['{"price":1.10,"name":"Łódź 🚀"}', '', '\r\n', '\u0000\u00ff', '{"a":1e400}']
  for (const body of [...bodies.map((text) => Buffer.from(text)), null]) {
    const task = taskTo(at.receiver.url(), { signed: true, body })
    const attempt = await attemptOne(task, undefined, signingWith(SECRET))
    assert.equal(attempt.outcome, 'delivered')
    verify(at.receiver.requests.at(-1)!)
  }
})

test('[259] sign: bytes that are no text are signed as they are', async () => {
  await using at = await receiving()
  const body = Buffer.from([0xff, 0xfe, 0, 0x80])
  const task = taskTo(at.receiver.url(), { signed: true, body })
  await attemptOne(task, undefined, signingWith(SECRET))
  const headers = headersOf(at.receiver.requests[0]!)
  const start = `${headers['webhook-id']}.${headers['webhook-timestamp']}.`
  const hmac = createHmac('sha256', keysOf(SECRET)[0]!).update(start).update(body)
  assert.equal(headers['webhook-signature'], `v1,${hmac.digest('base64')}`)
})

test('[257] sign: while a secret is replaced both verify, and no other', async () => {
  await using at = await receiving()
  const task = taskTo(at.receiver.url(), { signed: true, body: Buffer.from('x') })
  await attemptOne(task, undefined, signingWith(SECRET, OTHER))
  const [request] = at.receiver.requests
  assert.equal(headersOf(request!)['webhook-signature']!.split(' ').length, 2)
  verify(request!, SECRET)
  verify(request!, OTHER)
  assert.throws(() => verify(request!, spellSigningSecret(Buffer.alloc(24, 1))))
})

test('[258] [261] sign: a retry has the same id, without a point, and a timestamp of its own', async () => {
  await using at = await receiving()
  let now = Date.now() - 60_000
  const clock = { ...systemClock, nowMs: () => now }
  const tasks = [1, 2].map((attempt) => taskTo(at.receiver.url(), { signed: true }, { attempt }))
  for (const task of tasks) {
    await attemptOne(task, undefined, { ...signingWith(SECRET), clock })
    now += 30_000
  }
  const [first, second] = at.receiver.requests.map(headersOf)
  assert.equal(first!['webhook-id'], second!['webhook-id'])
  assert.doesNotMatch(first!['webhook-id']!, /\./)
  assert.equal(Number(second!['webhook-timestamp']) - Number(first!['webhook-timestamp']), 30)
  assert.notEqual(first!['webhook-signature'], second!['webhook-signature'])
  for (const request of at.receiver.requests) verify(request)
})

test('[260] sign: what was changed, cut or is too old does not verify', async () => {
  await using at = await receiving()
  const task = taskTo(at.receiver.url(), { signed: true, body: Buffer.from('{"amount":1}') })
  await attemptOne(task, undefined, signingWith(SECRET))
  const [sent] = at.receiver.requests
  const changed = (name: string, value: string) => ({
    ...sent!,
    headers: sent!.headers.map(([key, old]) => [key, key === name ? value : old] as const),
  })
  const signature = headersOf(sent!)['webhook-signature']!
  const at301 = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds)
  const wrong: readonly Received[] = [
    { ...sent!, body: Buffer.from('{"amount":2}') },
    changed('webhook-id', 'other'),
    changed('webhook-timestamp', at301(-301)),
    changed('webhook-timestamp', at301(302)),
    changed('webhook-timestamp', 'hello'),
    changed('webhook-signature', signature.slice(0, 8)),
    changed('webhook-signature', 'v1,'),
    changed('webhook-signature', ''),
    changed('webhook-id', ''),
  ]
  for (const request of wrong) assert.throws(() => verify(request))
  verify(sent!)
})

test('sign: without being asked nothing is signed, and no key is asked for', async () => {
  await using at = await receiving()
  const attempt = await attemptOne(taskTo(at.receiver.url()))
  assert.equal(attempt.outcome, 'delivered')
  assert.equal(headersOf(at.receiver.requests[0]!)['webhook-signature'], undefined)
})

test('sign: own id and timestamp are what is signed; an own signature is left as it is', async () => {
  await using at = await receiving()
  const own = [
    ['Webhook-Id', 'order-7'],
    ['WEBHOOK-TIMESTAMP', String(Math.floor(Date.now() / 1000) - 100)],
  ] as const
  const send = { signed: true, headers: own, body: Buffer.from('x') }
  await attemptOne(taskTo(at.receiver.url(), send), undefined, signingWith(SECRET))
  verify(at.receiver.requests[0]!)
  const headers = [['Webhook-Signature', 'mine']] as const
  await attemptOne(taskTo(at.receiver.url(), { ...send, headers }), undefined, signingWith(SECRET))
  assert.equal(headersOf(at.receiver.requests[1]!)['webhook-signature'], 'mine')
})

test('[261] sign: an own id with a point is refused, since two messages could have its signature', async () => {
  await using at = await receiving()
  const send = { signed: true, headers: [['webhook-id', 'a.1']] as const }
  const attempt = await attemptOne(taskTo(at.receiver.url(), send), undefined, signingWith(SECRET))
  assert.equal(attempt.code, 'protocol')
  assert.match(attempt.error!.message, /^Cannot sign the request: its webhook-id holds a point/)
  assert.equal(at.receiver.connections, 0)
})

test('sign: each hop of a redirect is signed for what is sent there', async () => {
  await using at = await receiving((_, count) =>
    count % 2 === 1 ? { status: count === 1 ? 303 : 307, headers: { location: '/b' } } : {},
  )
  const send = { signed: true, followRedirects: 1, body: Buffer.from('{"a":1}') }
  const tasks = [taskTo(at.receiver.url(), send), taskTo(at.receiver.url(), send)]
  for (const attempt of await attemptAll(tasks, undefined, signingWith(SECRET))) {
    assert.equal(attempt.outcome, 'delivered')
  }
  assert.deepEqual(
    at.receiver.requests.map(({ method, body }) => `${method} ${body.toString()}`),
    ['POST {"a":1}', 'GET ', 'POST {"a":1}', 'POST {"a":1}'],
  )
  for (const request of at.receiver.requests) verify(request)
})

test('sign: a key that cannot be had is our fault, told in the attempt, and nothing is sent', async () => {
  await using at = await receiving()
  const cache = new SigningKeyCache({
    clock: systemClock,
    ask: () => Promise.reject(new Error('the store is away')),
  })
  const attempt = await attemptOne(taskTo(at.receiver.url(), { signed: true }), undefined, {
    signingKeys: (...args) => cache.of(...args),
  })
  assert.equal(`${attempt.outcome} ${attempt.code}`, 'failed protocol')
  assert.equal(attempt.error?.message, 'Cannot sign the request: the store is away')
  assert.equal(at.receiver.connections, 0)
})

test('signing keys: asked for once a minute, at once when replaced or lapsed, and after a failure', async () => {
  let now = 1_000
  let asked = 0
  let fails = false
  let validUntil: number | null = null
  const cache = new SigningKeyCache({
    clock: { nowMs: () => now },
    ask: async () => {
      asked++
      if (fails) throw new Error('no')
      return { keys: [Buffer.of(asked)], validUntil }
    },
  })
  const first = async () => (await cache.of(1, 'wf_a'))[0]![0]
  assert.deepEqual([await first(), await first()], [1, 1])
  now += 60_000
  assert.equal(await first(), 2)
  cache.forget('wf_a')
  validUntil = now + 10
  assert.equal(await first(), 3)
  now += 10
  validUntil = null
  assert.equal(await first(), 4)
  cache.forget('wf_a')
  fails = true
  await assert.rejects(first(), /^DeliveryFault: Cannot sign the request: no$/)
  fails = false
  assert.equal(await first(), 6)
})

test('[262] signing secret: whsec_ and 24 to 64 bytes in base64, and nothing else', () => {
  for (const bytes of [24, 25, 26, 32, 63, 64]) {
    const key = Buffer.alloc(bytes, 0xfb)
    assert.deepEqual(parseSigningSecret(spellSigningSecret(key)), key)
  }
  const base64 = (bytes: number) => Buffer.alloc(bytes).toString('base64')
  const wrong = [
    '',
    'whsec_',
    base64(32),
    `whsec_${base64(limits.signingSecretBytesMin - 1)}`,
    `whsec_${base64(limits.signingSecretBytes + 1)}`,
    `whsec_${Buffer.alloc(32, 0xff).toString('base64url')}`,
    `whsec_${base64(32)}\n`,
    `whsec_ ${base64(30)}`,
    `WHSEC_${base64(32)}`,
  ]
  for (const text of wrong) assert.equal(parseSigningSecret(text), undefined, JSON.stringify(text))
})
