/** From `$event` back to a request: stored events, edited ones, and those somebody typed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { deriveEvent } from '../../src/model/derive-event.ts'
import type { EventView } from '../../src/model/event.ts'
import { requestFromEvent } from '../../src/model/request-from-event.ts'
import { rawRequest } from '../support/raw-request.ts'

const stored = deriveEvent(
  rawRequest({
    uri: '/t/key/a%20b?x=1&x=2',
    path: '/a%20b',
    headers: [
      ['Host', 'hooks.test'],
      ['Content-Type', 'application/json'],
      ['X-A', '1'],
      ['x-a', '2'],
    ],
    body: Buffer.from('{ "a": 1 }'),
  }),
)
const jsonOf = (event: EventView): Record<string, unknown> =>
  JSON.parse(JSON.stringify(event)) as Record<string, unknown>
const again = (changes: Record<string, unknown>): EventView =>
  deriveEvent(requestFromEvent({ ...jsonOf(stored), ...changes }))

test('test event: a stored event comes back byte by byte', () => {
  const request = requestFromEvent(jsonOf(stored))
  assert.equal(Buffer.from(request.body).toString(), '{ "a": 1 }')
  assert.deepEqual(request.headers, stored.proto.headers)
  assert.deepEqual(deriveEvent(request), stored)
})

test('test event: every event that can be derived comes back the same', () => {
  const type = fc.constantFrom(
    '',
    'application/json',
    'text/plain',
    'application/x-www-form-urlencoded',
  )
  const query = fc.string().map((text) => `a=${encodeURIComponent(text.toWellFormed())}&a`)
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      type,
      query,
      fc.constantFrom('/', '/a', '/a/b%2F'),
      (body, contentType, query, path) => {
        const headers = [['Content-Type', contentType] as const, ['Host', 'hooks.test'] as const]
        const uri = `/t/key${path === '/' ? '' : path}?${query}`
        const event = deriveEvent(rawRequest({ body, headers, uri, path }))
        assert.deepEqual(deriveEvent(requestFromEvent(jsonOf(event))), event)
      },
    ),
  )
})

const typed: readonly [string, unknown, string, unknown][] = [
  ['a body alone', { body: { a: 1 } }, 'JSON', { a: 1 }],
  ['nothing', {}, 'EMPTY', null],
  ['null', { body: null }, 'EMPTY', null],
  ['text', { body: 'hello' }, 'TEXT', 'hello'],
  ['text that reads as a number', { body: '123' }, 'JSON', '123'],
  ['text of no length', { body: '' }, 'JSON', ''],
  ['a number', { body: 0 }, 'JSON', 0],
  ['base64', { body: '/9j/', inferred_body_type: 'BINARY' }, 'BINARY', '/9j/'],
  [
    'a form',
    {
      body: { a: ['1', '2'] },
      inferred_body_type: 'FORM',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
    'FORM',
    { a: ['1', '2'] },
  ],
  ['a form with a number in it', { body: { a: 1 }, inferred_body_type: 'FORM' }, 'JSON', { a: 1 }],
]
for (const [what, event, type, body] of typed) {
  test(`test event: ${what}`, () => {
    const derived = deriveEvent(requestFromEvent(event))
    assert.deepEqual([derived.inferred_body_type, derived.body], [type, body])
  })
}

test('test event: what is missing has a plain default', () => {
  const { method, scheme, host, uri, path, clientIp } = requestFromEvent({})
  assert.deepEqual(
    [method, scheme, host, uri, path, clientIp],
    ['POST', 'http', 'localhost', '/', '/', '127.0.0.1'],
  )
})

test('test event: what was edited wins over proto', () => {
  assert.deepEqual(again({ body: { a: 2 } }).body, { a: 2 })
  assert.deepEqual(again({ headers: { 'X-New': 'y' } }).headers, { 'x-new': 'y' })
  assert.deepEqual(again({ query: { y: ['1', '2'], z: 'a b' } }).query, { y: ['1', '2'], z: 'a b' })
  assert.deepEqual(again({ query: {} }).query, {})
  assert.deepEqual(
    [again({ path: '/c' }).path, again({ path: '/c' }).query],
    ['/c', { x: ['1', '2'] }],
  )
  assert.equal(again({ method: 'PUT' }).method, 'PUT')
  assert.equal(again({ client_ip: '198.51.100.1' }).client_ip, '198.51.100.1')
})

test('test event: a URL alone gives host, path and query', () => {
  const event = deriveEvent(requestFromEvent({ url: 'https://shop.test/t/k/a?b=1' }))
  assert.equal(event.url, 'https://shop.test/t/k/a?b=1')
  assert.deepEqual(event.query, { b: '1' })
})

const refused: readonly [unknown, string][] = [
  [null, 'event must be an object'],
  [[], 'event must be an object'],
  [{ extra: 1 }, 'event.extra must be one of'],
  [{ method: 5 }, 'event.method must be an HTTP method'],
  [{ method: 'G T' }, 'event.method must be an HTTP method'],
  [{ url: 'x' }, 'event.url must be a full URL'],
  [{ path: 1 }, 'event.path must be text'],
  [{ headers: [] }, 'event.headers must be an object'],
  [{ headers: { a: 1 } }, 'event.headers.a must be text'],
  [{ query: { a: 1 } }, 'event.query.a must be text'],
  [{ client_ip: 1 }, 'event.client_ip must be text'],
  [{ proto: 1 }, 'event.proto must be an object'],
  [{ proto: { headers: [['a']] } }, 'event.proto.headers must be a list'],
  [{ proto: { headers: 'a' } }, 'event.proto.headers must be a list'],
  [{ proto: { scheme: 'ftp' } }, 'event.proto.scheme must be'],
  [{ proto: { body_b64: 1 } }, 'event.proto.body_b64 must be text'],
]
for (const [event, message] of refused) {
  test(`test event: ${JSON.stringify(event)} is refused by name`, () => {
    assert.throws(
      () => requestFromEvent(event),
      (error) => error instanceof TypeError && error.message.startsWith(message),
    )
  })
}
