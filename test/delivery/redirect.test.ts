/** Following redirects, for sends that ask for it: every hop is judged like the first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redirectOf } from '../../src/delivery/redirect.ts'
import { attemptOne } from '../support/attempt-one.ts'
import { taskTo } from '../support/delivery-task.ts'
import { headerOf, startReceiver } from '../support/receiver.ts'
import type { Receiver, Script } from '../support/receiver.ts'

async function receiving(script: Script) {
  const first = await startReceiver(script)
  const second = await startReceiver()
  return {
    first,
    second,
    async [Symbol.asyncDispose]() {
      await first.close()
      await second.close()
    },
  }
}

const redirect = (location: string, status = 302) => ({ status, headers: { location } })

const follow = (receiver: Receiver, path = '/', send = {}) =>
  attemptOne(taskTo(receiver.url(path), { followRedirects: 5, ...send }))

test('redirect: the final URL and response are recorded', async () => {
  await using at = await receiving((_, count) =>
    count === 1 ? redirect('/b?c=1') : { body: 'end' },
  )
  const attempt = await follow(at.first, '/a')
  assert.equal(attempt.outcome, 'delivered')
  assert.equal(attempt.request?.url, at.first.url('/b?c=1'))
  assert.equal(Buffer.from(attempt.response!.body).toString(), 'end')
  assert.equal(at.first.connections, 1)
})

test('[72] redirect: 301, 302 and 303 turn POST into GET without a body; 307 and 308 keep both', async () => {
  const send = { body: Buffer.from('hello'), headers: [['content-type', 'text/plain']] }
  for (const status of [301, 302, 303, 307, 308]) {
    await using at = await receiving((_, count) => (count === 1 ? redirect('/b', status) : {}))
    assert.equal((await follow(at.first, '/', send)).outcome, 'delivered')
    const { method, body, headers } = at.first.requests[1]!
    const [expected, type] = status < 304 ? ['GET ', undefined] : ['POST hello', 'text/plain']
    assert.equal(`${method} ${body.toString()}`, expected, String(status))
    assert.equal(headerOf(headers, 'content-type'), type)
  }
})

test('[73] redirect: own headers do not follow to another origin, but for Accept and Content-Type', async () => {
  await using at = await receiving(() => redirect(at.second.url('/b'), 307))
  const headers = [
    ['Authorization', 'Bearer secret'],
    ['Cookie', 'a=b'],
    ['X-Api-Key', 'secret'],
    ['X-Mine', 'x'],
    ['User-Agent', 'mine'],
    ['Accept', 'text/*'],
    ['Content-Type', 'text/plain'],
  ]
  const task = { headers, body: Buffer.from('hello') }
  assert.equal((await follow(at.first, '/', task)).outcome, 'delivered')
  const [request] = at.second.requests
  const names = new Set(request!.headers.map(([name]) => name.toLowerCase()))
  for (const gone of ['authorization', 'cookie', 'x-api-key', 'x-mine']) {
    assert.ok(!names.has(gone), gone)
  }
  for (const kept of ['accept', 'content-type', 'user-agent', 'webhook-id', 'sendoff-hops']) {
    assert.ok(names.has(kept), kept)
  }
  assert.notEqual(headerOf(request!.headers, 'user-agent'), 'mine')
})

test('redirect: own headers follow within the origin', async () => {
  await using at = await receiving((_, count) => (count === 1 ? redirect('/b') : {}))
  await follow(at.first, '/', { headers: [['X-Api-Key', 'k']] })
  assert.equal(headerOf(at.first.requests[1]!.headers, 'x-api-key'), 'k')
})

const inside = ['http://10.0.0.1/', '//169.254.169.254/', 'http://167772161/', 'http://[fd00::1]/']
for (const location of [...inside, 'http://[::ffff:10.0.0.1]/', 'http://db.internal.test/']) {
  test(`[69] redirect: a hop to ${location} is blocked, at that hop`, async () => {
    await using at = await receiving(() => redirect(location))
    const attempt = await follow(at.first)
    // A name cannot be judged before it is looked up, which nothing here answers.
    const code = location.includes('.test') ? 'dns' : 'blocked'
    assert.equal(attempt.code, code)
    assert.equal(attempt.remoteAddress, null)
    assert.equal(new URL(attempt.request!.url).origin, new URL(location, 'http://a').origin)
  })
}

for (const location of ['file:///etc/passwd', 'data:,x', 'javascript:1', 'ftp://127.0.0.1/']) {
  test(`[70] redirect: a hop to ${location} ends as redirect`, async () => {
    await using at = await receiving(() => redirect(location))
    const attempt = await follow(at.first)
    assert.equal(`${attempt.outcome} ${attempt.code}`, 'failed redirect')
    assert.equal(attempt.response?.status, 302)
  })
}

test('[71] redirect: a loop ends as redirect after the hops that were asked for', async () => {
  for (const followRedirects of [1, 5]) {
    await using at = await receiving(() => redirect('/again'))
    const attempt = await follow(at.first, '/', { followRedirects })
    assert.equal(attempt.code, 'redirect')
    assert.equal(at.first.requests.length, followRedirects + 1)
  }
})

for (const [what, location] of [
  ['is no URL', 'http://['],
  ['holds credentials', 'http://a:b@127.0.0.1/'],
  ['is over 8 KiB', `/${'x'.repeat(9_000)}`],
] as const) {
  test(`[75] redirect: a Location that ${what} ends as redirect`, async () => {
    await using at = await receiving(() => redirect(location))
    assert.equal((await follow(at.first)).code, 'redirect')
  })
}

test('[75] redirect: without a Location the response is final', async () => {
  await using at = await receiving(() => ({ status: 302 }))
  const attempt = await follow(at.first)
  assert.equal(`${attempt.code} ${attempt.response?.status}`, 'http_status 302')
})

test('[76] redirect: the total deadline covers all hops', async () => {
  await using at = await receiving(() => ({ ...redirect('/again'), delayMs: 150 }))
  const attempt = await follow(at.first, '/', { timeoutMs: 400 })
  assert.equal(attempt.code, 'timeout')
  assert.ok(attempt.timings!.totalMs < 700, `${attempt.timings!.totalMs} ms`)
})

test('[74] redirect: from https to http is refused', () => {
  const request = {
    method: 'POST',
    url: new URL('https://a.example/'),
    ownHeaders: [],
    addedHeaders: [],
    body: null,
  }
  const response = {
    status: 307,
    headers: [['Location', 'http://a.example/']] as const,
    body: new Uint8Array(),
    size: 0,
    sha256: '',
    truncated: false,
  }
  assert.throws(() => redirectOf(request, response, 0, 5), /from https to http/)
})
