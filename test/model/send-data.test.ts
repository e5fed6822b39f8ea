/** `data` of `$send.http`: which bytes and which content type each kind of value becomes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { normaliseCall } from '../../src/model/send.ts'

const JSON_TYPE = 'application/json'
const TEXT_TYPE = 'text/plain; charset=utf-8'
const BYTES_TYPE = 'application/octet-stream'
const FORM_TYPE = 'application/x-www-form-urlencoded'

function sent(data: unknown, headers: unknown = {}, method = 'POST'): [string | null, string[]] {
  const call = normaliseCall({ method, url: 'https://example.com/', data, headers })
  assert.ok(call.kind === 'send')
  const { send } = call
  const types = send.headers.filter(([name]) => name.toLowerCase() === 'content-type')
  return [send.body && Buffer.from(send.body).toString('latin1'), types.map(([, value]) => value)]
}
const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

const kinds: readonly [string, unknown, string, string][] = [
  ['an object', { a: [1, 'é', null], b: undefined }, latin1('{"a":[1,"é",null]}'), JSON_TYPE],
  ['an array', [1, undefined], '[1,null]', JSON_TYPE],
  ['a number', 1.5, '1.5', JSON_TYPE],
  ['minus zero [89]', -0, '0', JSON_TYPE],
  ['infinity [89]', Infinity, 'null', JSON_TYPE],
  ['a boolean', false, 'false', JSON_TYPE],
  ['null', null, 'null', JSON_TYPE],
  ['a date [88]', new Date(0), '"1970-01-01T00:00:00.000Z"', JSON_TYPE],
  ['what toJSON says', { toJSON: () => ({ x: 1 }) }, '{"x":1}', JSON_TYPE],
  ['a key __proto__ [89]', JSON.parse('{"__proto__":1}'), '{"__proto__":1}', JSON_TYPE],
  ['a lone surrogate [89]', ['\ud800'], '["\\ud800"]', JSON_TYPE],
  [
    'an instance',
    new (class {
      a = 1
    })(),
    '{"a":1}',
    JSON_TYPE,
  ],
  ['text', 'héllo', latin1('héllo'), TEXT_TYPE],
  ['empty text', '', '', TEXT_TYPE],
  ['text that is JSON', '{"a":1}', '{"a":1}', TEXT_TYPE],
  ['a Buffer', Buffer.of(0, 255), '\0ÿ', BYTES_TYPE],
  ['a typed array', new Uint16Array([1]), '\x01\0', BYTES_TYPE],
  ['a view of a part', new DataView(Uint8Array.of(1, 2, 3).buffer, 1, 1), '\x02', BYTES_TYPE],
  ['an ArrayBuffer', Uint8Array.of(7).buffer, '\x07', BYTES_TYPE],
  [
    'URLSearchParams',
    new URLSearchParams([
      ['a', '1 2'],
      ['a', 'é'],
    ]),
    'a=1+2&a=%C3%A9',
    FORM_TYPE,
  ],
]
for (const [what, data, body, type] of kinds) {
  test(`send data: ${what}`, () => {
    assert.deepEqual(sent(data), [body, [type]])
    assert.deepEqual(sent(data, { 'Content-TYPE': 'x/y' }), [body, ['x/y']], 'the caller wins')
  })
}

test('send data: absent means no body and no content type', () => {
  const call = normaliseCall({ method: 'POST', url: 'https://example.com/' })
  assert.ok(call.kind === 'send')
  assert.deepEqual([call.send.body, call.send.headers], [null, []])
})

test('send data: a form where the caller asks for one', () => {
  const headers = { 'content-type': `${FORM_TYPE}; charset=utf-8` }
  const data = { a: [1, 'b c'], d: null, e: new Date(0), f: true }
  assert.deepEqual(sent(data, headers), [
    'a=1&a=b+c&e=1970-01-01T00%3A00%3A00.000Z&f=true',
    [headers['content-type']],
  ])
  assert.deepEqual(sent('a=1', headers), ['a=1', [headers['content-type']]])
  for (const [data, why] of [
    [{ a: {} }, /"data" has an object at "a"/],
    [[1], /"data" cannot be sent as a form: it is an array/],
    [5, /"data" cannot be sent as a form: it is 5/],
    [null, /"data" cannot be sent as a form/],
    [new Date(), /"data" cannot be sent as a form/],
  ] as const) {
    assert.throws(() => sent(data, headers), { name: 'TypeError', message: why })
  }
})

test('send data: GET, HEAD and DELETE send theirs [84]', () => {
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    assert.deepEqual(sent({ a: 1 }, {}, method), ['{"a":1}', [JSON_TYPE]])
  }
})

const cycle: Record<string, unknown> = {}
cycle['self'] = { cycle }
let deep: unknown = null
for (let i = 0; i < 100_000; i++) deep = [deep]
const refused: readonly [string, unknown, RegExp][] = [
  [
    'a cycle',
    cycle,
    /^\$send\.http: "data" cannot be serialised: Converting circular structure to JSON$/,
  ],
  ['a BigInt', 1n, /"data" cannot be serialised: Do not know how to serialize a BigInt/],
  [
    'a BigInt within',
    { a: [1n] },
    /"data" cannot be serialised: Do not know how to serialize a BigInt/,
  ],
  ['a function', () => 1, /"data" is a function, which JSON cannot carry/],
  ['a function within', { a: { b: () => 1 } }, /"data" holds at "a.b" a function/],
  ['a symbol', Symbol('x'), /"data" is a symbol/],
  ['a symbol within', [Symbol('x')], /"data" holds at "0" a symbol/],
  ['a Promise', Promise.resolve(1), /"data" is a Promise: await it first/],
  ['a Promise within', { a: Promise.resolve(1) }, /"data" holds at "a" a Promise: await it first/],
  [
    'an Error',
    { cause: new TypeError('boom') },
    /"data" holds at "cause" an Error, of which JSON keeps nothing: give its message or stack/,
  ],
  ['a Map', new Map([[1, 2]]), /"data" is a Map, which JSON cannot carry/],
  ['a Set within', { a: new Set([1]) }, /"data" holds at "a" a Set/],
  ['FormData', new FormData(), /"data" is a FormData/],
  ['a Blob', new Blob(['x']), /"data" is a Blob/],
  [
    'a toJSON that throws',
    {
      toJSON() {
        throw new Error('no')
      },
    },
    /"data" cannot be serialised: no/,
  ],
  [
    'a getter that throws null',
    {
      get a() {
        throw null
      },
    },
    /"data" cannot be serialised: null/,
  ],
  ['nesting past the stack [89]', deep, /"data" cannot be serialised: Maximum call stack/],
]
for (const [what, data, message] of refused) {
  test(`send data: ${what} is refused [88]`, () => {
    assert.throws(() => sent(data), { name: 'TypeError', message })
  })
}

test('send data: what happens after the call changes nothing [92]', () => {
  const bytes = Buffer.from('abc')
  const call = normaliseCall({ method: 'POST', url: 'https://example.com/', data: bytes })
  bytes.fill(0)
  assert.ok(call.kind === 'send')
  assert.equal(Buffer.from(call.send.body!).toString(), 'abc')
})

test('send data: what is sent is of one reading', () => {
  let calls = 0
  const data = {
    get a() {
      return ++calls
    },
  }
  assert.deepEqual(sent(data)[0], '{"a":1}')
})

test('send data: any JSON value arrives as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (data) => {
      const [body] = sent([data])
      assert.equal(Buffer.from(body!, 'latin1').toString(), JSON.stringify([data]))
    }),
  )
})
