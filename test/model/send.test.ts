/** The options of `$send.http` (SPEC section 4): what is sent, and which call is refused with which words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { limits } from '../../src/model/limits.ts'
import { normaliseCall } from '../../src/model/send.ts'
import type { SendFields } from '../../src/model/send.ts'

const base = { method: 'POST', url: 'https://example.com/a' }
const sent = (options: Record<string, unknown>): SendFields => {
  const call = normaliseCall({ ...base, ...options })
  assert.ok(call.kind === 'send')
  return call.send
}
const refusal = (options: unknown): string => {
  try {
    normaliseCall(options)
  } catch (error) {
    assert.ok(error instanceof TypeError)
    return error.message
  }
  return 'not refused'
}

test('send: a plain call and its defaults', () => {
  assert.deepEqual(sent({}), {
    method: 'POST',
    url: 'https://example.com/a',
    headers: [],
    body: null,
    timeoutMs: 15_000,
    retry: null,
    followRedirects: 0,
    signed: false,
  })
})

test('send: optional options may be undefined or null', () => {
  const options = {
    headers: null,
    params: undefined,
    auth: null,
    retry: undefined,
    timeout: undefined,
  }
  assert.deepEqual(sent({ ...options, followRedirects: undefined, signed: undefined }), sent({}))
})

test('send: a method is any token and goes out in upper case [83]', () => {
  for (const method of ['get', 'Post', 'purge', 'M-SEARCH', 'delete']) {
    assert.equal(sent({ method }).method, method.toUpperCase())
  }
})

const refused: readonly [string, unknown, RegExp][] = [
  ['no options', undefined, /^\$send\.http: expected an options object .* got undefined$/],
  ['text for options', 'https://example.com', /expected an options object/],
  ['a list for options', [], /expected an options object .* got an array/],
  ['no method', { url: base.url }, /^\$send\.http: "method" is required$/],
  ['method null [83]', { ...base, method: null }, /"method" is required/],
  ['an empty method [83]', { ...base, method: '' }, /"method" is required/],
  [
    'a method with a space [83]',
    { ...base, method: 'GET x' },
    /"method" must be an HTTP method.*"GET x"/,
  ],
  ['a method with CRLF [83]', { ...base, method: 'GET\r\n' }, /"method" must be an HTTP method/],
  [
    'a method that is a number',
    { ...base, method: 5 },
    /"method" must be an HTTP method.* it is 5/,
  ],
  ['CONNECT [83]', { ...base, method: 'connect' }, /"method" cannot be CONNECT/],
  ['TRACE [83]', { ...base, method: 'TRACE' }, /"method" cannot be TRACE/],
  ['no url', { method: 'GET' }, /^\$send\.http: "url" is required$/],
  ['an empty url', { ...base, url: '' }, /"url" is required/],
  [
    'a url without a scheme',
    { ...base, url: 'example.com' },
    /"url" must be a full URL.*"example\.com"/,
  ],
  ['a url that is an object', { ...base, url: {} }, /"url" must be text or a URL, it is an object/],
  [
    'a bad scheme [43]',
    { ...base, url: 'ftp://a.test/' },
    /"url" must start with http:\/\/ or https:\/\//,
  ],
  ['a file url [43]', { ...base, url: 'file:///etc/passwd' }, /"url" must start with/],
  ['a script url [43]', { ...base, url: 'javascript:alert(1)' }, /"url" must start with/],
  ['port 0 [44]', { ...base, url: 'http://a.test:0/' }, /"url" cannot have port 0/],
  ['port 99999 [44]', { ...base, url: 'http://a.test:99999/' }, /"url" must be a full URL/],
  ['NUL in a host [36]', { ...base, url: 'http://a%00b/' }, /"url" must be a full URL/],
  [
    'a long host label [45]',
    { ...base, url: `http://${'a'.repeat(64)}.test/` },
    /"url" has a host name that is too long/,
  ],
  [
    'a long host name [45]',
    { ...base, url: `http://${'a.'.repeat(127)}test/` },
    /too long for DNS/,
  ],
  [
    'a long url [45]',
    { ...base, url: `http://a.test/${'a'.repeat(limits.sendUrlBytes)}` },
    /"url" is longer than 8192 bytes/,
  ],
  ['body', { ...base, body: 1 }, /^\$send\.http: unknown option "body", did you mean data\?$/],
  ['json', { ...base, json: 1 }, /unknown option "json", did you mean data/],
  ['query', { ...base, query: 1 }, /unknown option "query", did you mean params/],
  ['URL', { method: 'GET', URL: 'x' }, /unknown option "URL", did you mean url/],
  ['maxRedirects', { ...base, maxRedirects: 1 }, /did you mean followRedirects/],
  [
    'an option nobody knows',
    { ...base, foo: 1 },
    /unknown option "foo", known are method, url, data/,
  ],
  ['a symbol for an option', { ...base, [Symbol('x')]: 1 }, /unknown option "Symbol\(x\)"/],
  ['an option named __proto__ [82]', JSON.parse('{"__proto__":1}'), /unknown option "__proto__"/],
  [
    'timeout 0',
    { ...base, timeout: 0 },
    /"timeout" must be a whole number of milliseconds from 1 to 60000, it is 0/,
  ],
  ['timeout 60001', { ...base, timeout: 60_001 }, /"timeout" must be/],
  ['timeout 1.5', { ...base, timeout: 1.5 }, /"timeout" must be/],
  ['timeout as text', { ...base, timeout: '5' }, /"timeout" must be.*it is "5"/],
  ['timeout NaN', { ...base, timeout: Number.NaN }, /"timeout" must be/],
  [
    'followRedirects 6',
    { ...base, followRedirects: 6 },
    /"followRedirects" must be a whole number from 0 to 5, it is 6/,
  ],
  ['followRedirects true', { ...base, followRedirects: true }, /"followRedirects" must be/],
  ['signed 1', { ...base, signed: 1 }, /"signed" must be true or false, it is 1/],
  [
    'retry 3',
    { ...base, retry: 3 },
    /"retry" must be true, false or \{attempts, schedule\}, it is 3/,
  ],
  [
    'retry with an unknown key',
    { ...base, retry: { times: 3 } },
    /"retry" has the unknown key "times"/,
  ],
  [
    'retry with no attempts',
    { ...base, retry: { attempts: 0 } },
    /"retry" must have attempts from 1 to 50, it has 0/,
  ],
  [
    'retry with an empty schedule',
    { ...base, retry: { schedule: [] } },
    /"retry" must have a schedule of 1 to 50/,
  ],
  [
    'retry with a negative delay',
    { ...base, retry: { schedule: [-1] } },
    /"retry" must have a schedule/,
  ],
  [
    'retry with a function',
    { ...base, retry: { schedule: () => 1 } },
    /"retry" must have a schedule/,
  ],
  ['auth as text', { ...base, auth: 'a:b' }, /"auth" must be \{username, password\}/],
  [
    'auth with user',
    { ...base, auth: { user: 'a', pass: 'b' } },
    /"auth" has the unknown key "user"/,
  ],
  [
    'auth without a password',
    { ...base, auth: { username: 'a' } },
    /"auth" must have a password, it is undefined/,
  ],
  ['auth without a username', { ...base, auth: { password: 'a' } }, /"auth" must have a username/],
  [
    'a colon in a username [86]',
    { ...base, auth: { username: 'a:b', password: '' } },
    /"auth" has a colon/,
  ],
  [
    'a newline in a password [86]',
    { ...base, auth: { username: 'a', password: 'b\n' } },
    /"auth" has a line break/,
  ],
  ['a colon in URL userinfo [86]', { ...base, url: 'http://a%3Ab:c@d.test/' }, /"url" has a colon/],
  ['params as text', { ...base, params: 'a=1' }, /"params" must be an object, it is "a=1"/],
  ['params nested [85]', { ...base, params: { c: {} } }, /"params" has an object at "c"/],
  ['params nested in a list', { ...base, params: { c: [[1]] } }, /"params" has an array at "c"/],
  ['params with a function', { ...base, params: { c: () => 1 } }, /"params" has a function at "c"/],
  [
    'params with an invalid date',
    { ...base, params: { c: new Date(Number.NaN) } },
    /"params" has an invalid date at "c"/,
  ],
]
for (const [what, options, message] of refused) {
  test(`send: ${what} is refused by name`, () => assert.match(refusal(options), message))
}

const urls: readonly [string, string | URL, unknown, string][] = [
  [
    'an address in its normal form [90]',
    'HTTPS://Example.COM:443/a/../b c?x=y z',
    undefined,
    'https://example.com/b%20c?x=y%20z',
  ],
  ['a URL object', new URL('https://example.com/a'), undefined, 'https://example.com/a'],
  ['no fragment', 'https://example.com/a?b#c', undefined, 'https://example.com/a?b'],
  ['no empty fragment', 'https://example.com/a#', undefined, 'https://example.com/a'],
  ['an IDN as its A-label [46]', 'https://faß.de/', undefined, 'https://xn--fa-hia.de/'],
  [
    'params behind a query [85]',
    'https://example.com/a?x=%20y',
    { b: 1 },
    'https://example.com/a?x=%20y&b=1',
  ],
  [
    'params with no query',
    'https://example.com',
    { b: true, c: 'd e' },
    'https://example.com/?b=true&c=d+e',
  ],
  ['params before the fragment', 'https://example.com/#f', { b: 1n }, 'https://example.com/?b=1'],
  ['repeats kept', 'https://example.com/?a=0', { a: [1, 2] }, 'https://example.com/?a=0&a=1&a=2'],
  [
    'null and undefined skipped',
    'https://example.com/',
    { a: null, b: undefined, c: [null, 1] },
    'https://example.com/?c=1',
  ],
  ['no params at all', 'https://example.com/', { a: [] }, 'https://example.com/'],
  [
    'dates as ISO',
    'https://example.com/',
    { a: new Date(0) },
    'https://example.com/?a=1970-01-01T00%3A00%3A00.000Z',
  ],
  [
    'names and values escaped [85]',
    'https://example.com/',
    { 'd&e': 'f=g#' },
    'https://example.com/?d%26e=f%3Dg%23',
  ],
  [
    'a name like __proto__ [82]',
    'https://example.com/',
    JSON.parse('{"__proto__":"x"}'),
    'https://example.com/?__proto__=x',
  ],
  [
    'URLSearchParams',
    'https://example.com/',
    new URLSearchParams('a=1&a=2'),
    'https://example.com/?a=1&a=2',
  ],
  ['a Map', 'https://example.com/', new Map([['a', 1]]), 'https://example.com/?a=1'],
]
for (const [what, url, params, expected] of urls) {
  test(`send: the url has ${what}`, () => assert.equal(sent({ url, params }).url, expected))
}

test('send: params never change scheme, host or path, and read back as given [85]', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), (params) => {
      const url = new URL(sent({ params }).url)
      assert.equal(url.origin + url.pathname, 'https://example.com/a')
      const read = [...url.searchParams]
      assert.deepEqual(
        read,
        Object.entries(params).map((pair) => pair.map((text) => text.toWellFormed())),
      )
    }),
  )
})

test('send: a url in its normal form stays as it is [50]', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
      const once = sent({ url }).url
      assert.equal(sent({ url: once }).url, once)
    }),
  )
})

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
const authorisation = (options: Record<string, unknown>): unknown =>
  sent(options).headers.filter(([name]) => name.toLowerCase() === 'authorization')

test('send: auth becomes Basic in UTF-8 [86]', () => {
  const auth = { username: 'é', password: 'p:ß' }
  assert.deepEqual(authorisation({ auth }), [['authorization', basic('é:p:ß')]])
})

test('send: auth beats an Authorization header and URL userinfo', () => {
  const auth = { username: 'a', password: '' }
  const headers = { AUTHORIZATION: 'Bearer x' }
  assert.deepEqual(authorisation({ auth, headers, url: 'http://u:p@a.test/' }), [
    ['authorization', basic('a:')],
  ])
})

test('send: userinfo alone works and leaves the URL [87]', () => {
  const url = 'http://us%C3%A9r:p%40ss%25@a.test/x'
  assert.deepEqual(authorisation({ url }), [['authorization', basic('usér:p@ss%')]])
  assert.equal(sent({ url }).url, 'http://a.test/x')
  assert.deepEqual(authorisation({ url: 'http://u@a.test/' }), [['authorization', basic('u:')]])
  assert.deepEqual(authorisation({ url: 'http://u:%zz@a.test/' }), [
    ['authorization', basic('u:%zz')],
  ])
})

test('send: an Authorization header beats URL userinfo', () => {
  const headers = { Authorization: 'Bearer x' }
  const options = { headers, url: 'http://u:p@a.test/' }
  assert.deepEqual(authorisation(options), [['Authorization', 'Bearer x']])
})

test('send: retry passes as it was at the call', () => {
  for (const retry of [true, false, {}, { attempts: 3 }, { attempts: 2, schedule: [0, 5_000] }]) {
    assert.deepEqual(sent({ retry }).retry, retry)
  }
  const schedule = [1, 2]
  const { retry } = sent({ retry: { schedule } })
  schedule.push(3)
  assert.deepEqual(retry, { schedule: [1, 2] })
})

test('send: timeout, followRedirects and signed pass', () => {
  const { timeoutMs, followRedirects, signed } = sent({
    timeout: 60_000,
    followRedirects: 5,
    signed: true,
  })
  assert.deepEqual([timeoutMs, followRedirects, signed], [60_000, 5, true])
})

test('send: every option is read once', () => {
  const reads = new Map<PropertyKey, number>()
  const options = new Proxy(
    { ...base, data: {}, headers: {}, params: {}, timeout: 5 },
    {
      get(target, key) {
        reads.set(key, (reads.get(key) ?? 0) + 1)
        return Reflect.get(target, key) as unknown
      },
    },
  )
  normaliseCall(options)
  assert.deepEqual([...reads.values()], [1, 1, 1, 1, 1, 1])
})

test('send: options that are inherited do not count', () => {
  assert.match(refusal(Object.create(base)), /"method" is required/)
})

test('send: explicit undefined data skips POST, PUT and PATCH, visibly', () => {
  for (const method of ['post', 'PUT', 'Patch']) {
    const call = normaliseCall({ ...base, method, data: undefined })
    assert.deepEqual(call, { kind: 'skipped', reason: 'payload is undefined' })
  }
  for (const method of ['GET', 'DELETE']) assert.equal(sent({ method, data: undefined }).body, null)
  assert.equal(sent({}).body, null)
})

test('send: a bad call is refused even where it would be skipped', () => {
  assert.match(refusal({ ...base, url: 'x', data: undefined }), /"url"/)
  assert.match(refusal({ ...base, timeout: 0, data: undefined }), /"timeout"/)
})
