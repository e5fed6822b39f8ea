/** `$event` of SPEC section 2, field by field; what a body becomes is in derive-body.test.ts. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { deriveEvent, isSingleHeader, joinHeaders } from '../../src/model/derive-event.ts'
import type { HeaderPair } from '../../src/model/event.ts'
import { rawRequest } from '../support/raw-request.ts'

test('event: every field of a plain request', () => {
  const headers = [
    ['Host', 'hooks.test'],
    ['Content-Type', 'application/json'],
  ] as const
  const event = deriveEvent(
    rawRequest({
      uri: '/t/key/a%20b?x=1',
      path: '/a%20b',
      headers,
      body: Buffer.from('{"a":1}'),
    }),
  )
  assert.deepEqual(event, {
    method: 'POST',
    url: 'http://hooks.test/t/key/a%20b?x=1',
    path: '/a%20b',
    query: { x: '1' },
    headers: { host: 'hooks.test', 'content-type': 'application/json' },
    body: { a: 1 },
    inferred_body_type: 'JSON',
    client_ip: '203.0.113.9',
    proto: {
      headers,
      body_b64: 'eyJhIjoxfQ==',
      method: 'POST',
      scheme: 'http',
      http_version: '1.1',
      client_ip: '203.0.113.9',
      uri: '/t/key/a%20b?x=1',
    },
  })
})

const queries: readonly [string, unknown][] = [
  ['/t/k', {}],
  ['/t/k?', {}],
  ['/t/k?a', { a: '' }],
  ['/t/k?a=1&b=2', { a: '1', b: '2' }],
  ['/t/k?a=1&a=2&a=3', { a: ['1', '2', '3'] }],
  ['/t/k?a=1=2?3', { a: '1=2?3' }],
  ['/t/k?a+b=c+d', { 'a b': 'c d' }],
  ['/t/k?%61=%C3%A9', { a: 'é' }],
  ['/t/k?a=%zz&b=%ff', { a: '%zz', b: '\ufffd' }],
  ['/t/k?a[]=1&a[]=2', { 'a[]': ['1', '2'] }],
  ['/t/k?a=1#b=2', { a: '1' }],
  ['/t/k?constructor=1&toString=2', { constructor: '1', toString: '2' }],
]
for (const [uri, query] of queries) {
  test(`event: the query of ${uri}`, () => {
    assert.deepEqual(deriveEvent(rawRequest({ uri })).query, query)
  })
}

test('event: an absolute-form target is not believed about its authority [135]', () => {
  for (const [uri, url] of [
    ['http://evil.test/t/k?x=1', 'http://hooks.test/t/k?x=1'],
    ['http://evil.test', 'http://hooks.test/'],
    ['HTTPS://u:p@evil.test:1?x', 'http://hooks.test/?x'],
  ] as const) {
    assert.equal(deriveEvent(rawRequest({ uri })).url, url)
  }
})

test('event: names like __proto__ are own properties and show in JSON [82]', () => {
  const event = deriveEvent(
    rawRequest({
      uri: '/t/k?__proto__=1&__proto__=2',
      headers: [
        ['__proto__', 'a'],
        ['__PROTO__', 'b'],
        ['constructor', 'c'],
      ],
    }),
  )
  assert.equal(JSON.stringify(event.query), '{"__proto__":["1","2"]}')
  assert.equal(JSON.stringify({ ...event.headers }), '{"__proto__":"a, b","constructor":"c"}')
  assert.equal(Object.getPrototypeOf(event.headers), Object.prototype)
})

test('event: each derivation is a value of its own', () => {
  const request = rawRequest({ headers: [['X-A', '1']], body: Buffer.from('{"a":{}}') })
  const event = deriveEvent(request) as unknown as {
    body: { a: unknown }
    proto: { headers: string[][] }
  }
  event.body.a = 'changed'
  event.proto.headers[0]![1] = 'changed'
  assert.deepEqual(deriveEvent(request).body, { a: {} })
  assert.deepEqual(request.headers, [['X-A', '1']])
})

test('event: deriving 1 KB of JSON takes well under 100 us', () => {
  const body = Buffer.from(
    JSON.stringify({
      items: Array.from({ length: 16 }, (_, id) => ({ id, name: 'a'.repeat(40) })),
    }),
  )
  const request = rawRequest({ body, headers: [['Content-Type', 'application/json']] })
  let best = Infinity
  for (let round = 0; round < 20; round++) {
    const begun = performance.now()
    for (let i = 0; i < 200; i++) deriveEvent(request)
    best = Math.min(best, (performance.now() - begun) / 200)
  }
  assert.ok(best < 0.1, `${best} ms`)
})

test('event: repeated headers are joined as Node joins them', async (t) => {
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ headers: request.headers, raw: request.rawHeaders }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const names = [
    'age',
    'authorization',
    'content-type',
    'etag',
    'expires',
    'from',
    'if-modified-since',
    'if-unmodified-since',
    'last-modified',
    'location',
    'max-forwards',
    'proxy-authorization',
    'referer',
    'retry-after',
    'server',
    'user-agent',
    'cookie',
    'set-cookie',
    'accept',
    'cache-control',
    'date',
    'origin',
    'vary',
    'via',
    'x-forwarded-for',
    'x-own',
    'if-match',
  ]
  const lines = names.flatMap((name) => [`${name}: 1`, `${name.toUpperCase()}: 2`])
  const socket = connect(port, '127.0.0.1')
  socket.end(['GET / HTTP/1.1', 'Host: a', 'Connection: close', ...lines, '', ''].join('\r\n'))
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  const { headers, raw } = JSON.parse(
    answer.slice(answer.indexOf('\r\n\r\n')).match(/\{.*\}/s)![0],
  ) as {
    headers: Record<string, string | string[]>
    raw: string[]
  }
  const pairs = raw.flatMap((text, i): HeaderPair[] => (i % 2 === 0 ? [[text, raw[i + 1]!]] : []))
  const joined = Object.fromEntries(
    Object.entries(headers).map(([k, v]) => [k, [v].flat().join(', ')]),
  )
  assert.equal(pairs.length, 2 + 2 * names.length)
  assert.deepEqual(joinHeaders(pairs), joined)
  assert.equal(isSingleHeader('content-length'), true)
  assert.equal(isSingleHeader('host'), true)
})

test('event: whatever the request, an event is JSON and its bytes are whole', () => {
  const name = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/)
  const query = fc.string().map((text) => `a=${encodeURIComponent(text.toWellFormed())}&a`)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, fc.string()), { maxLength: 6 }),
      fc.uint8Array({ maxLength: 60 }),
      query,
      (headers, body, query) => {
        const event = deriveEvent(rawRequest({ headers, body, uri: `/t/k?${query}` }))
        assert.equal(JSON.stringify(JSON.parse(JSON.stringify(event))), JSON.stringify(event))
        assert.deepEqual(new Uint8Array(Buffer.from(event.proto.body_b64, 'base64')), body)
        const keys = new Set(headers.map(([key]) => key.toLowerCase()))
        assert.deepEqual(new Set(Object.keys(event.headers)), keys)
      },
    ),
  )
})
