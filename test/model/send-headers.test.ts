/** Headers of `$send.http`: names, values, repeats, and what the connection keeps to itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { limits } from '../../src/model/limits.ts'
import { normaliseCall } from '../../src/model/send.ts'
import type { NormalisedCall } from '../../src/model/send.ts'

const call = (headers: unknown): NormalisedCall =>
  normaliseCall({ method: 'GET', url: 'https://example.com/', headers })
const sent = (headers: unknown): unknown => {
  const result = call(headers)
  return result.kind === 'send' && result.send.headers
}

test('send headers: names as given, in order; numbers and booleans as text', () => {
  assert.deepEqual(sent({ 'X-B': 'b', 'x-a': 1, 'X-c': false, 'x-tab': 'a\tb' }), [
    ['X-B', 'b'],
    ['x-a', '1'],
    ['X-c', 'false'],
    ['x-tab', 'a\tb'],
  ])
})

test('send headers: a list repeats a header [81]', () => {
  assert.deepEqual(sent({ 'X-A': ['1', 2], 'x-b': [] }), [
    ['X-A', '1'],
    ['X-A', '2'],
  ])
})

test('send headers: of two spellings the last wins, with a warning [81]', () => {
  const result = call({ 'X-A': '1', 'x-b': '2', 'x-a': '3' })
  assert.ok(result.kind === 'send')
  assert.deepEqual(result.send.headers, [
    ['x-b', '2'],
    ['x-a', '3'],
  ])
  assert.deepEqual(result.warnings, ['$send.http: "headers" has x-a twice, the last one is sent'])
})

test('send headers: pairs, Headers and Map are read too', () => {
  const pairs: [string, string][] = [
    ['X-A', '1'],
    ['X-A', '2'],
    ['x-b', '3'],
  ]
  assert.deepEqual(sent(pairs), pairs)
  assert.deepEqual(sent(new Headers({ 'X-A': '1' })), [['x-a', '1']])
  assert.deepEqual(sent(new Map([['X-A', '1']])), [['X-A', '1']])
})

test('send headers: a name like __proto__ is a name [82]', () => {
  assert.deepEqual(sent(JSON.parse('{"__proto__":"a","constructor":"b"}')), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ])
  assert.equal(({} as { a?: unknown }).a, undefined)
})

test('send headers: Latin-1 goes as it is [79]', () => {
  assert.deepEqual(sent({ 'x-a': 'é\u0080ÿ' }), [['x-a', 'é\u0080ÿ']])
})

const forbidden = [
  'Host',
  'Content-Length',
  'Transfer-Encoding',
  'Connection',
  'Upgrade',
  'Expect',
  'TE',
  'Trailer',
  'Keep-Alive',
  'Proxy-Authorization',
  'proxy-connection',
]
for (const name of forbidden) {
  test(`send headers: ${name} is refused by name [80]`, () => {
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) {
      const message = new RegExp(`^\\$send\\.http: "headers" cannot set ${spelling}: `)
      assert.throws(() => call({ [spelling]: '1' }), { name: 'TypeError', message })
    }
  })
}

const refused: readonly [string, unknown, RegExp][] = [
  ['CRLF in a value [77]', { 'x-a': 'a\r\nb: c' }, /"headers" has a line break .* value of x-a/],
  ['LF in a value [77]', { 'x-a': 'a\n' }, /line break/],
  ['NUL in a value [77]', { 'x-a': '\0' }, /control character/],
  ['DEL in a value', { 'x-a': '\x7f' }, /control character/],
  ['CRLF in a listed value [77]', { 'x-a': ['ok', 'a\r\n'] }, /line break/],
  ['CRLF in a name [77]', { 'x\r\ny': 'a' }, /"headers" has the invalid name "x\\r\\ny"/],
  ['a space in a name [78]', { 'x y': 'a' }, /invalid name "x y"/],
  ['a colon in a name [78]', { 'x:': 'a' }, /invalid name/],
  ['an empty name [78]', { '': 'a' }, /invalid name ""/],
  ['a name beyond ASCII [78]', { é: 'a' }, /invalid name "é"/],
  ['a character past U+00FF [79]', { 'x-a': '中' }, /above U\+00FF in the value of x-a: encode it/],
  [
    'undefined for a value',
    { authorization: undefined },
    /has undefined as the value of authorization/,
  ],
  ['null for a value', { 'x-a': null }, /has null as the value of x-a/],
  ['an object for a value', { 'x-a': {} }, /has an object as the value of x-a/],
  ['a repeated Content-Type', { 'content-type': ['a/b', 'c/d'] }, /cannot repeat content-type/],
  ['text for headers', 'x-a: 1', /"headers" must be an object/],
  ['a list of names', ['x-a'], /"headers" must be an object or a list of \[name, value\] pairs/],
  [
    '16 KiB and more',
    { 'x-a': 'a'.repeat(limits.sendHeaderBytes) },
    /"headers" come to 16391 bytes, the limit is 16384/,
  ],
]
for (const [what, headers, message] of refused) {
  test(`send headers: ${what} is refused`, () => {
    assert.throws(() => call(headers), { name: 'TypeError', message })
  })
}

test('send headers: whatever passes has no line break in it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), (headers) => {
      let result: unknown
      try {
        result = sent(headers)
      } catch {
        return // Refused: nothing goes out.
      }
      for (const [name, value] of result as [string, string][]) {
        assert.match(name, /^[\w!#$%&'*+.^`|~-]+$/)
        assert.equal(/[\r\n\0]/.test(value), false)
        assert.equal(Buffer.from(value, 'latin1').toString('latin1'), value)
      }
    }),
    { numRuns: 1_000 },
  )
})
