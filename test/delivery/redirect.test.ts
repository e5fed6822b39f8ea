/** Following redirects, for sends that ask for it: every hop is judged like the first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { redirectOf } from '../../src/delivery/redirect.ts'
import { createEgress } from '../../src/egress/connector.ts'
import { attemptAll, attemptOne } from '../support/attempt-one.ts'
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
})

test('redirect: a hop within an origin that keeps connections goes over the same one', async () => {
  await using at = await receiving((_, count) => (count === 2 ? redirect('/b') : {}))
  const tasks = ['/', '/a'].map((path) => taskTo(at.first.url(path), { followRedirects: 1 }))
  const attempts = await attemptAll(tasks)
  assert.deepEqual(
    attempts.map(({ outcome }) => outcome),
    ['delivered', 'delivered'],
  )
  assert.equal(at.first.requests.length, 3)
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

/** Ways to write the address of a receiver that nobody allowed; `name.example` resolves to it. */
const inside = (port: number) => [
  `http://127.0.0.1:${port}/`,
  `//127.0.0.1:${port}/`,
  `http://2130706433:${port}/`,
  `http://0x7f.1:${port}/`,
  `http://0177.0.0.1:${port}/`,
  `http://127.0.0.1.:${port}/`,
  `http://[::1]:${port}/`,
  `http://[::ffff:127.0.0.1]:${port}/`,
  `http://localhost:${port}/`,
  `http://name.example:${port}/`,
  `http://%31%32%37.0.0.1:${port}/`,
  `https://127.0.0.1:${port}/`,
  'http://169.254.169.254/latest/meta-data/',
  'http://db.internal/',
]

test('[69] redirect: a hop to the inside is blocked at that hop, however it is written', async () => {
  let location = ''
  await using at = await receiving(() => redirect(location))
  const egress = createEgress(
    { clock: systemClock, lookup: async () => ['127.0.0.1'] },
    { allow: [`127.0.0.1/32:${at.first.port}`] },
  )
  for (location of inside(at.second.port)) {
    const send = { followRedirects: 5, headers: [['x-api-key', 'k']] as const }
    const attempt = await attemptOne(taskTo(at.first.url(), send), egress)
    assert.equal(`${attempt.outcome} ${attempt.code}`, 'blocked blocked', location)
    assert.equal(
      attempt.remoteAddress,
      null,
      'the hop, and not the request before it, is on record',
    )
    assert.equal(new URL(attempt.request!.url).origin, new URL(location, 'http://a').origin)
  }
  assert.equal(at.second.connections, 0)
})

test('[68] redirect: without being asked none is followed; the response is recorded', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    await using at = await receiving(() => redirect('/b', status))
    const attempt = await attemptOne(taskTo(at.first.url()))
    assert.equal(`${attempt.code} ${attempt.response?.status}`, `http_status ${status}`)
    assert.equal(headerOf(attempt.response!.headers, 'location'), '/b')
    assert.equal(at.first.requests.length, 1)
  }
})

test('[72] redirect: HEAD stays HEAD, and of other methods only 303 makes a GET', async () => {
  const rows = [
    ['HEAD', 303, 'HEAD'],
    ['GET', 302, 'GET'],
    ['PUT', 301, 'PUT'],
    ['PATCH', 302, 'PATCH'],
    ['DELETE', 303, 'GET'],
    ['PUT', 308, 'PUT'],
  ] as const
  for (const [method, status, then] of rows) {
    await using at = await receiving((_, count) => (count === 1 ? redirect('/b', status) : {}))
    await follow(at.first, '/', { method })
    assert.equal(at.first.requests[1]?.method, then, `${method} ${status}`)
  }
})

test('[120] redirect: a cookie that a hop sets is not carried to the next', async () => {
  await using at = await receiving((_, count) =>
    count === 1 ? { status: 307, headers: { location: '/b', 'set-cookie': 'a=b' } } : {},
  )
  assert.equal((await follow(at.first)).outcome, 'delivered')
  assert.equal(headerOf(at.first.requests[1]!.headers, 'cookie'), undefined)
})

test('[73] redirect: what was dropped on the way out does not come back on the way home', async () => {
  await using at = await receiving((_, count) =>
    count === 1 ? redirect(at.second.url('/there'), 307) : {},
  )
  at.second.script = () => redirect(at.first.url('/home'), 307)
  const headers = [['Authorization', 'Bearer secret']]
  assert.equal((await follow(at.first, '/', { headers })).outcome, 'delivered')
  assert.equal(headerOf(at.first.requests[1]!.headers, 'authorization'), undefined)
})

for (const location of ['file:///etc/passwd', 'data:,x', 'javascript:1', 'ftp://127.0.0.1/']) {
  test(`[70] redirect: a hop to ${location} ends as redirect`, async () => {
    await using at = await receiving(() => redirect(location))
    const attempt = await follow(at.first)
    assert.equal(`${attempt.outcome} ${attempt.code}`, 'failed redirect')
    assert.equal(attempt.error?.detail, 'redirect_scheme')
    assert.equal(attempt.response?.status, 302)
  })
}

test('[71] redirect: a loop ends as redirect after the hops that were asked for', async () => {
  for (const followRedirects of [1, 5]) {
    await using at = await receiving(() => redirect('/again'))
    const attempt = await follow(at.first, '/', { followRedirects })
    assert.equal(`${attempt.code} ${attempt.error?.detail}`, 'redirect too_many_redirects')
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
    const { code, error } = await follow(at.first)
    assert.equal(`${code} ${error?.detail}`, 'redirect bad_location')
  })
}

test('[75] redirect: without a Location, or with an empty one, the response is final', async () => {
  for (const reply of [{ status: 302 }, redirect('')]) {
    await using at = await receiving(() => reply)
    const attempt = await follow(at.first)
    assert.equal(`${attempt.code} ${attempt.response?.status}`, 'http_status 302')
  }
})

test('[76] redirect: the total deadline covers all hops', async () => {
  await using at = await receiving(() => ({ ...redirect('/again'), delayMs: 150 }))
  const attempt = await follow(at.first, '/', { timeoutMs: 400 })
  // Each hop by itself is well within it.
  assert.equal(attempt.code, 'timeout')
  assert.ok(at.first.requests.length < 5)
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
