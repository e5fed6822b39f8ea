/** `$respond`: what a call becomes, what is wrong with it in whose words, and what the server believes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../src/model/limits.ts'
import { checkResponse, normaliseRespond } from '../../src/model/respond.ts'
import type { RespondCall } from '../../src/model/respond.ts'

const textOf = ({ response: { body } }: RespondCall): string | null =>
  body === null ? null : Buffer.from(body).toString()
const typeOf = ({ response: { headers } }: RespondCall): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]

const bodies: readonly [string, unknown, string | null, string | undefined][] = [
  ['text', 'hi', 'hi', 'text/plain; charset=utf-8'],
  ['an object', { a: [1] }, '{"a":[1]}', 'application/json'],
  ['a number', 0, '0', 'application/json'],
  ['a Buffer', Buffer.from('bytes'), 'bytes', 'application/octet-stream'],
  ['nothing', undefined, null, undefined],
  ['null', null, null, undefined],
]
for (const [what, body, text, type] of bodies) {
  test(`respond: ${what} as the body`, () => {
    const call = normaliseRespond({ body })
    assert.deepEqual([call.response.status, textOf(call), typeOf(call)], [200, text, type])
    assert.equal(call.immediate, false)
  })
}

test("respond: the caller's content type wins", () => {
  const headers = { 'content-type': 'text/html' }
  const call = normaliseRespond({ status: 404, headers, body: '<p>', immediate: true })
  assert.deepEqual(call.response.headers, [['content-type', 'text/html']])
  assert.deepEqual([call.response.status, call.immediate], [404, true])
})

test('respond: what would act on the whole origin is left out, with a warning', () => {
  const headers = [
    ['Set-Cookie', 'session=stolen'],
    ['Clear-Site-Data', '"*"'],
    ['Content-Security-Policy', ''],
    ['Service-Worker-Allowed', '/'],
    ['X-Mine', 'kept'],
  ]
  const { response, warnings } = normaliseRespond({ headers })
  assert.deepEqual(response.headers, [['X-Mine', 'kept']])
  assert.equal(warnings.length, 4)
  assert.match(warnings[0]!, /has Set-Cookie, which was left out/)
})

const refused: readonly [unknown, RegExp][] = [
  ['text', /^\$respond: expected an options object such as \{status, headers, body\}, got "text"/],
  [{ statusCode: 200 }, /unknown option "statusCode", did you mean status\?/],
  [{ data: 1 }, /unknown option "data", did you mean body\?/],
  [{ status: 99 }, /"status" must be a whole number from 200 to 599, it is 99/],
  [{ status: '200' }, /"status" must be a whole number/],
  [{ status: 204, body: 'x' }, /"body" cannot go with status 204/],
  [{ immediate: 1 }, /"immediate" must be true or false, it is 1/],
  [{ headers: 'x' }, /"headers" must be an object/],
  [{ headers: { 'X-A': 'a\r\nSet-Cookie: b' } }, /"headers" has a line break/],
  [{ headers: { 'X A': 'a' } }, /"headers" has the invalid name "X A"/],
  [{ headers: { Connection: 'close' } }, /"headers" cannot set Connection/],
  [{ headers: { 'Transfer-Encoding': 'chunked' } }, /"headers" cannot set Transfer-Encoding/],
  [{ headers: { 'content-length': 1 } }, /"headers" cannot set content-length/],
  [{ headers: { 'X-A': {} } }, /"headers" has an object as the value of X-A/],
  [{ headers: { 'X-A': 'x'.repeat(20_000) } }, /"headers" come to 20007 bytes/],
  [{ body: () => 1 }, /^\$respond: "body" is a function, which JSON cannot carry/],
  [{ body: Promise.resolve() }, /^\$respond: "body" is a Promise: await it first/],
  [
    { body: Buffer.alloc(limits.responseBodyBytes + 1) },
    /"body" has 4194305 bytes, the limit is 4194304/,
  ],
]
for (const [options, message] of refused) {
  test(`respond: ${message.source} is said of a bad call`, () => {
    assert.throws(() => normaliseRespond(options), { name: 'TypeError', message })
  })
}

test('respond: the server takes no frame on trust', () => {
  const body = Buffer.from('x')
  assert.deepEqual(checkResponse({ status: 200, headers: [['a', 'b']], body }).headers, [
    ['a', 'b'],
  ])
  const hostile: readonly [unknown, unknown, Buffer | null][] = [
    [101, [], body],
    [200, {}, body],
    [200, [['a']], body],
    [200, [['a', 1]], body],
    [200, [['a', 'b\n']], body],
    [200, [['Set-Cookie', 'b']], body],
    [200, [['Content-Length', '7']], body],
    [204, [], body],
    [200, [], Buffer.alloc(limits.responseBodyBytes + 1)],
  ]
  for (const [status, headers, bytes] of hostile) {
    assert.throws(() => checkResponse({ status, headers, body: bytes }), TypeError)
  }
})
