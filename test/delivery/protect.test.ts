/** What goes on record of an attempt: nothing of a secret, and everything else as it was. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  gunzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { array, assert as holds, asyncProperty, uint8Array } from 'fast-check'
import { createProtect } from '../../src/delivery/protect.ts'
import type { Attempt } from '../../src/model/delivery.ts'
import type { HeaderPair } from '../../src/model/event.ts'
import { limits } from '../../src/model/limits.ts'
import { createMasks, NO_MASKS } from '../../src/model/redact-values.ts'
import { taskTo } from '../support/delivery-task.ts'
import { attempt as attemptWith } from '../support/store-values.ts'

const SECRET = 'canary/+ "Łódź" & 4f1d'
const masks = createMasks([SECRET])
const protect = createProtect({ of: () => masks })
const task = taskTo('https://dest.example/hook')
const all = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

function answered(body: string | Uint8Array, headers: readonly HeaderPair[] = []): Attempt {
  const bytes = Buffer.from(body as string)
  const stored = bytes.subarray(0, limits.responseStoredBytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const truncated = stored.length < bytes.length
  const response = { status: 200, headers, body: stored, size: bytes.length, sha256, truncated }
  return attemptWith({ response })
}

const kept = async (body: string | Uint8Array, headers?: readonly HeaderPair[]) =>
  (await protect(task, answered(body, headers))).response!

test('protect: an attempt of an account without variables is the very same object', () => {
  const attempt = answered('anything')
  assert.equal(createProtect({ of: () => NO_MASKS })(task, attempt), attempt)
})

test('[220] protect: address, headers, body and fault are masked; size and hash are of what came', async () => {
  const before = attemptWith({
    request: {
      method: 'POST',
      url: `https://dest.example/${encodeURIComponent(SECRET)}`,
      headers: [['x-mine', SECRET]],
    },
    response: answered(`you sent ${JSON.stringify({ SECRET })}`, [
      ['x-echo', Buffer.from(SECRET).toString('latin1')],
      ['location', `/next?q=${encodeURIComponent(SECRET)}`],
    ]).response,
    error: { message: `no ${SECRET}`, detail: `it was ${SECRET}` },
  })
  const { request, response, error } = await protect(task, before)
  assert.deepEqual(request, {
    method: 'POST',
    url: 'https://dest.example/••••',
    headers: [['x-mine', '••••']],
  })
  assert.deepEqual(response!.headers, [
    ['x-echo', '••••'],
    ['location', '/next?q=••••'],
  ])
  assert.equal(all(response!.body), 'you sent {"SECRET":"••••"}')
  assert.equal(response!.redacted, 'masked')
  assert.equal(response!.size, before.response!.size)
  assert.equal(response!.sha256, before.response!.sha256)
  assert.deepEqual(error, { message: 'no ••••', detail: 'it was ••••' })
})

test('protect: bytes around a secret stay as they are, and bytes without one are the same object', async () => {
  await holds(
    asyncProperty(
      array(uint8Array({ maxLength: 30 }), { minLength: 1, maxLength: 4 }),
      async (parts) => {
        const hole = Buffer.from(SECRET)
        const join = (between: Uint8Array) =>
          Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [between, part])))
        const before = answered(join(hole))
        const { body } = (await protect(task, before)).response!
        assert.deepEqual(Buffer.from(body), join(Buffer.from('••••')))
        if (parts.length === 1) assert.equal(body, before.response!.body)
      },
    ),
  )
})

const codings: Readonly<Record<string, (text: string) => Uint8Array>> = {
  gzip: gzipSync,
  'X-GZip': gzipSync,
  deflate: deflateSync,
  Deflate: deflateRawSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
  'gzip, br': (text) => brotliCompressSync(gzipSync(text)),
}

for (const [coding, compress] of Object.entries(codings)) {
  test(`[220] protect: a body in ${coding} that holds a secret is kept as the text it held, masked`, async () => {
    const body = compress(`{"you sent":"${SECRET}"}`)
    const response = await kept(body, [['Content-Encoding', coding]])
    assert.equal(all(response.body), '{"you sent":"••••"}')
    assert.equal(response.redacted, 'unpacked')
    assert.equal(response.size, body.length)
    assert.equal(response.truncated, false)
  })

  test(`protect: a body in ${coding} without a secret is kept as it came`, async () => {
    const before = answered(compress('nothing to hide'), [['content-encoding', coding]])
    assert.equal((await protect(task, before)).response!.body, before.response!.body)
  })
}

test('[115] protect: a bomb is looked into up to the bound, and its beginning is kept', async () => {
  const bomb = gzipSync(Buffer.concat([Buffer.from(SECRET), Buffer.alloc(50_000_000, 'x')]))
  const response = await kept(bomb, [['content-encoding', 'gzip']])
  assert.ok(response.body.length <= limits.responseStoredBytes)
  assert.match(all(response.body), /^••••x+$/)
  assert.deepEqual([response.redacted, response.truncated], ['unpacked', true])
})

test('protect: what says that it is compressed and is not is masked as it stands', async () => {
  const response = await kept(`plain ${SECRET}`, [['content-encoding', 'gzip']])
  assert.equal(all(response.body), 'plain ••••')
  assert.equal(response.redacted, 'masked')
})

test('protect: a compressed body that is damaged is not kept as it came', async () => {
  const whole = gzipSync(`${'filler '.repeat(10)}${SECRET}`)
  const damaged = Buffer.concat([whole.subarray(0, -8), Buffer.from('damaged!')])
  const { body, truncated } = await kept(damaged, [['content-encoding', 'gzip']])
  assert.throws(() => assert.ok(gunzipSync(body).includes('canary')))
  assert.equal(truncated, true)
})

test('protect: a secret that the end of what is stored cuts leaves five characters at most', async () => {
  const secret = 'sk_live_0123456789abcdefghijklmnopqrstuvwxyz'
  const cut = createProtect({ of: () => createMasks([secret]) })
  for (let left = 1; left < secret.length; left++) {
    const filler = '.'.repeat(limits.responseStoredBytes - left)
    const { body } = (await cut(task, answered(`${filler}${secret} and more`))).response!
    // The cut may fall into the mask too.
    const end = all(body).replace(/^\.+/, '').replaceAll('\uFFFD', '')
    const isLeft = left < limits.maskedLength && end === secret.slice(0, left)
    assert.ok('••••'.startsWith(end) || isLeft, end)
    assert.ok(body.length <= limits.responseStoredBytes)
  }
})

test('[221] protect: what a request carries by name is masked wherever the answer repeats it', async () => {
  const basic = `Basic ${btoa('user:basic-canary-1')}`
  const carrying = taskTo('https://dest.example/?api_key=query-canary-1&page=2', {
    headers: [
      ['Authorization', 'Bearer bearer-canary-1'],
      ['Cookie', 'theme=dark; sid=cookie-canary-1'],
      ['X-Api-Key', 'key-canary-1'],
      ['Proxy-Authorization', basic],
    ],
  })
  const names = ['bearer', 'cookie', 'key', 'basic', 'query'].map((name) => `${name}-canary-1`)
  const body = `dark ${names.join(' ')} ${basic}`
  const protectNamed = createProtect({ of: () => NO_MASKS })
  const { response } = await protectNamed(carrying, answered(body, [['x-echo', names.join()]]))
  assert.equal(all(response!.body), 'dark •••• •••• •••• •••• •••• Basic ••••')
  assert.deepEqual(response!.headers, [['x-echo', '••••,••••,••••,••••,••••']])
})

test('protect: without the values nothing is kept that could hold one, but when to come again', async () => {
  const blind = createProtect({ of: () => Promise.reject(new Error('gone')) })
  const before = answered(SECRET, [
    ['retry-after', '7'],
    ['x-echo', SECRET],
  ])
  const failed: Attempt = {
    ...before,
    outcome: 'failed',
    error: { message: SECRET, detail: SECRET },
  }
  const { request, response, error, timings } = await blind(task, failed)
  assert.equal(request, null)
  assert.deepEqual(response!.headers, [['retry-after', '7']])
  assert.equal(response!.body.length, 0)
  assert.equal(response!.redacted, 'withheld')
  assert.match(error!.message, /^Cannot show why the attempt failed: /)
  assert.equal(error!.detail, null)
  assert.deepEqual(timings, before.timings)
})
