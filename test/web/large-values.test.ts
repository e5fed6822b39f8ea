/** What a page makes ready of values that are too large to be drawn: as much as it draws, and no more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyPatch } from '../../web/model/apply-patch.ts'
import type { Operation } from '../../web/model/apply-patch.ts'
import { bodyModes, bodyText, SHOWN } from '../../web/model/body-view.ts'
import { changeLines } from '../../web/model/change-lines.ts'
import { completionsAt } from '../../web/model/complete.ts'
import { indentJson } from '../../web/model/indent-json.ts'
import { preview, shortJson } from '../../web/model/json-preview.ts'

const nested = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)
const fields = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`field_${i}`, i]))

test('indent: JSON reads as the platform would indent it, numbers and escapes as they were written', () => {
  for (const value of [
    {},
    [],
    { a: [1, {}, [], { b: 'x\\"y,{' }], c: null },
    [[[]], -1.5e9, true],
  ]) {
    assert.equal(indentJson(JSON.stringify(value)).text, JSON.stringify(value, null, 2))
  }
  const text = ' {"id" :12345678901234567890,\r\n\t"e":"\\u00e9", "n":1.0, "none": [ ]} '
  const shown = '{\n  "id": 12345678901234567890,\n  "e": "\\u00e9",\n  "n": 1.0,\n  "none": []\n}'
  assert.equal(indentJson(text).text, shown)
})

test('indent: no more is made than is shown, however deep it nests [230]', () => {
  const json = nested(9_000)
  assert.ok(indentJson(json).text.length < 30 * json.length)
  const { text, left } = bodyText({ body: json, bodyEncoding: 'utf8' }, 'pretty')
  assert.deepEqual([text.length, left > json.length / 2], [SHOWN, true])
  assert.deepEqual(bodyModes({ body: json, bodyEncoding: 'utf8' }), ['pretty', 'raw', 'hex'])
  assert.deepEqual(bodyModes({ body: json.slice(1), bodyEncoding: 'utf8' }), ['raw', 'hex'])
})

test('indent: what is left is counted in characters of the body', () => {
  assert.deepEqual(indentJson('["abc",12]', 8), { text: '[\n  "abc', left: 5 })
  assert.equal(indentJson('["abc",12]', 100).left, 0)
})

test('preview: a value on a line is written as far as it is shown [230]', () => {
  for (const value of [{ a: [1, 'x', null, { b: {} }] }, [undefined, [[]]], 'text', 1, null]) {
    assert.equal(shortJson(value), JSON.stringify(value))
  }
  assert.equal(shortJson({ a: undefined, b: () => 1, c: 2 }), '{"c":2}')
  let written = 0
  const counting = { toJSON: 1, get each() { return ++written } } // prettier-ignore
  assert.equal(shortJson(Array.from({ length: 10_000 }, () => counting)).length, 201)
  assert.ok(written < 100, String(written))
  assert.equal(shortJson(JSON.parse(nested(20_000))).length, 201)
  assert.ok(preview({ ['n'.repeat(1e6)]: 1 }).text.length < 100)
})

test('patch: what was there stays as it is, what came is shared, names are names', () => {
  const before = JSON.parse('{"list":[1,2],"same":{},"__proto__":1}') as Record<string, unknown>
  const value = { x: 1 }
  const operations: readonly Operation[] = [
    { op: 'remove', path: '/list/1' },
    { op: 'add', path: '/list/-', value: 3 },
    { op: 'replace', path: '/list/0', value },
    { op: 'add', path: '/list/0/y~1z', value: 2 },
    { op: 'replace', path: '/__proto__', value: 5 },
    { op: 'add', path: '/none/of/it', value: 2 },
  ]
  const after = applyPatch(before, operations) as Record<string, unknown>
  assert.equal(JSON.stringify(after), '{"list":[{"x":1,"y/z":2},3],"same":{},"__proto__":5}')
  assert.equal(after['same'], before['same'])
  assert.deepEqual([before['list'], value], [[1, 2], { x: 1 }])
})

test('changes: each says what was there before it, also where an earlier one changed that', () => {
  const operations: readonly Operation[] = [
    { op: 'replace', path: '/a/b', value: 2 },
    { op: 'remove', path: '/a' },
  ]
  const shown = changeLines({ a: { b: 1, c: 0 } }, operations)
  assert.deepEqual(
    shown.map(({ sign, path, before }) => [sign, path, before]),
    [
      ['~', '$event.a.b', 1],
      ['−', '$event.a', { b: 2, c: 0 }],
    ],
  )
})

test('changes: thousands of them on thousands of fields read each field once [230]', () => {
  let reads = 0
  const body = new Proxy(fields(10_000), {
    get: (all, name) => {
      reads++
      return Reflect.get(all, name)
    },
  })
  const operations = Object.keys(body).map((name): Operation => ({
    op: 'remove',
    path: `/body/${name}`,
  }))
  assert.equal(changeLines({ body }, operations).length, 10_000)
  assert.ok(reads < 100_000, String(reads))
})

test('completion: of thousands of names those are offered that what is typed stands in [230]', () => {
  const scope = { event: { body: fields(10_000) }, steps: {}, variables: [] }
  const all = completionsAt('$event.body.', scope)!
  assert.deepEqual([all.choices.length, all.isCut], [200, true])
  const some = completionsAt('$event.body.d_9876', scope)!
  assert.deepEqual(
    some.choices.map(({ label }) => label),
    ['field_9876'],
  )
})
