/** Requests that wait with secrets in them: sealed whole, opened as they were, by nobody else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { SealedRequests } from '../../src/account/sealed-requests.ts'
import { createSecretBox } from '../../src/account/secrets.ts'
import { systemClock } from '../../src/clock.ts'
import type { Send } from '../../src/model/delivery.ts'
import { createMasks, NO_MASKS } from '../../src/model/redact-values.ts'
import { bytes, send } from '../support/store-values.ts'

const CANARY = 'env-canary-4f1d'
const masks = createMasks([CANARY])
const ID = 'dlv_01k9xk2m3n4p5q6r7s8t9vwxyz00000'

const opened = (fill = 1): SealedRequests => {
  const box = createSecretBox({ clock: systemClock }, new Uint8Array(32).fill(fill))
  return new SealedRequests({ key: { box } })
}

const plain = (request: Send): Partial<Send> => ({
  url: request.url,
  headers: request.headers,
  body: request.body && Buffer.from(request.body),
})

test('sealed requests: a request without secrets is left alone', async () => {
  const requests = opened()
  const ordinary = send({ url: 'https://dest.example/hook?page=2', headers: [['x-a', '1']] })
  assert.equal(requests.seal(1, ID, ordinary, NO_MASKS), undefined)
  assert.equal(requests.seal(1, ID, ordinary, masks), undefined)
  assert.equal(requests.seal(1, ID, send({ body: null }), masks), undefined)
})

const secret: Readonly<Record<string, Partial<Send>>> = {
  'a header by name': { headers: [['Authorization', 'Bearer named-canary-1']] },
  'a cookie': { headers: [['Cookie', 'sid=named-canary-1']] },
  'a key': { headers: [['X-Api-Key', 'named-canary-1']] },
  'Basic auth': { headers: [['authorization', `Basic ${btoa('user:named-canary-1')}`]] },
  'a parameter by name': { url: 'https://dest.example/?access_token=named-canary-1' },
  'a value in the path': { url: `https://dest.example/${CANARY}/x` },
  'a value in a header': { headers: [['x-mine', `mine ${CANARY}`]] },
  'a value in base64 in a header': { headers: [['x-mine', btoa(`user:${CANARY}`)]] },
  'a value in the body': { body: bytes(`{"mine":"${CANARY}"}`) },
  'what it carries by name in its body': {
    headers: [['authorization', 'Bearer named-canary-1']],
    body: bytes('{"mine":"named-canary-1"}'),
  },
  'a value in binary': { body: Buffer.concat([Buffer.of(0, 255), bytes(CANARY), Buffer.of(254)]) },
  'a compressed body': {
    headers: [['content-encoding', 'gzip']],
    body: gzipSync(`mine ${CANARY}`),
  },
}

for (const [where, over] of Object.entries(secret)) {
  test(`[216] sealed requests: ${where} is neither in what is shown nor in what is sealed, and opens`, async () => {
    const requests = opened()
    const request = send(over)
    const { send: shown, sealed } = requests.seal(1, ID, request, masks)!
    const stored = `${JSON.stringify(shown)}${Buffer.from(shown.body!).toString('latin1')}${Buffer.from(sealed.bytes).toString('latin1')}`
    assert.doesNotMatch(stored, /canary|Y2FuYXJ5|NhbmFye|jYW5hcn/)
    assert.match(stored, /•|â\u0080¢/)
    assert.equal(sealed.bodySize, request.body!.length)
    assert.deepEqual(plain({ ...shown, ...requests.open(1, ID, sealed.bytes) }), plain(request))
  })
}

test('sealed requests: a body without a secret is not sealed with its headers', async () => {
  const request = send({
    headers: [['authorization', 'Bearer named-canary-1']],
    body: Buffer.alloc(100_000, 'x'),
  })
  const { send: shown, sealed } = opened().seal(1, ID, request, NO_MASKS)!
  assert.equal(shown.body, request.body)
  assert.ok(sealed.bytes.length < 1_000)
})

test('[217] sealed requests: moved to another delivery or account, or under another key, it does not open', async () => {
  const requests = opened()
  const { bytes: sealed } = requests.seal(1, ID, send({ body: bytes(CANARY) }), masks)!.sealed
  const other = opened(2)
  const refused = {
    message: `Cannot open the request of ${ID}: it is sealed, and this server's secret key is not the one for it`,
  }
  assert.throws(() => other.open(1, ID, sealed), refused)
  assert.throws(() => requests.open(2, ID, sealed), refused)
  assert.throws(() => requests.open(1, `${ID.slice(0, -1)}1`, sealed), /Cannot open the request/)
  assert.throws(() => requests.open(1, ID, sealed.slice(0, -1)), refused)
})
