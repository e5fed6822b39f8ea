/** The diff of `$event`: a JSON Patch (RFC 6902) that turns one value into the other. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { limits } from '../../src/model/limits.ts'
import { diffEvents } from '../../src/model/patch.ts'
import type { PatchOperation } from '../../src/model/run.ts'
import { setField } from '../../src/model/fields.ts'

type Container = Record<string, unknown> | unknown[]

function apply(document: unknown, operations: readonly PatchOperation[]): unknown {
  let root = structuredClone(document)
  for (const operation of operations) {
    const path = operation.path.split('/').slice(1)
    const key = path.pop()?.replaceAll('~1', '/').replaceAll('~0', '~')
    if (key === undefined) {
      assert.equal(operation.op, 'replace')
      root = 'value' in operation ? operation.value : undefined
      continue
    }
    let holder = root as Container
    for (const step of path) {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
      assert.ok(Object.hasOwn(holder, name))
      holder = (holder as Record<string, unknown>)[name] as Container
    }
    applyTo(holder, key, operation)
  }
  return root
}

function applyTo(holder: Container, key: string, operation: PatchOperation): void {
  if (Array.isArray(holder)) {
    const index = Number(key)
    if (operation.op === 'add') assert.ok(index <= holder.length)
    else assert.ok(index < holder.length)
    const added = operation.op === 'remove' ? [] : [operation.value]
    holder.splice(index, operation.op === 'add' ? 0 : 1, ...added)
    return
  }
  assert.equal(Object.hasOwn(holder, key), operation.op !== 'add')
  if (operation.op === 'remove') delete holder[key]
  else setField(holder, key, operation.value)
}

const table: readonly [string, unknown, unknown, readonly PatchOperation[]][] = [
  ['nothing', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  ['a new key', {}, { test: 1 }, [{ op: 'add', path: '/test', value: 1 }]],
  ['a lost key', { a: 1, b: 2 }, { b: 2 }, [{ op: 'remove', path: '/a' }]],
  [
    'a changed value',
    { a: { b: 1 } },
    { a: { b: '1' } },
    [{ op: 'replace', path: '/a/b', value: '1' }],
  ],
  ['a changed kind', { a: {} }, { a: [] }, [{ op: 'replace', path: '/a', value: [] }]],
  ['a value and null', { a: {} }, { a: null }, [{ op: 'replace', path: '/a', value: null }]],
  [
    'a longer array',
    { a: [1] },
    { a: [1, 2, 3] },
    [
      { op: 'add', path: '/a/1', value: 2 },
      { op: 'add', path: '/a/2', value: 3 },
    ],
  ],
  [
    'a shorter array',
    { a: [1, 2, 3] },
    { a: [9] },
    [
      { op: 'replace', path: '/a/0', value: 9 },
      { op: 'remove', path: '/a/2' },
      { op: 'remove', path: '/a/1' },
    ],
  ],
  [
    'names with slash and tilde',
    { 'a/b': 1, '~1': 1 },
    { '~1': 2 },
    [
      { op: 'remove', path: '/a~1b' },
      { op: 'replace', path: '/~01', value: 2 },
    ],
  ],
  ['an empty name', { '': 1 }, { '': 2 }, [{ op: 'replace', path: '/', value: 2 }]],
  ['the whole', 1, { a: 1 }, [{ op: 'replace', path: '', value: { a: 1 } }]],
]
for (const [what, before, after, operations] of table) {
  test(`diff: ${what}`, () => assert.deepEqual(diffEvents(before, after), operations))
}

test('diff: a name like __proto__ is a name', () => {
  const [before, after] = [JSON.parse('{"__proto__":1}'), JSON.parse('{"constructor":2}')] as [
    unknown,
    unknown,
  ]
  assert.deepEqual(diffEvents(before, after), [
    { op: 'remove', path: '/__proto__' },
    { op: 'add', path: '/constructor', value: 2 },
  ])
})

test('diff: applied to before it gives after', () => {
  const key = fc.oneof(fc.constantFrom('a', 'b', '~', '/', '0', '__proto__', ''), fc.string())
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, 0, 1, 'x', ''),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }))
  const json = value.map((one) => JSON.parse(JSON.stringify(one)) as unknown)
  fc.assert(
    fc.property(json, json, (before, after) => {
      assert.equal(
        JSON.stringify(sorted(apply(before, diffEvents(before, after)))),
        JSON.stringify(sorted(after)),
      )
      assert.deepEqual(diffEvents(after, structuredClone(after)), [])
    }),
    { numRuns: 500 },
  )
})

/** The same value with its keys in order, all of them own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, sorted(inner)])
}

test('diff: past its bound it is one replacement of the whole', () => {
  const before = { a: Array.from({ length: 60_000 }, () => 0), b: 1 }
  const after = { a: Array.from({ length: 60_000 }, () => 1), b: 1 }
  assert.deepEqual(diffEvents(before, after), [{ op: 'replace', path: '', value: after }])
  const large = { a: 'x'.repeat(limits.runDiffBytes) }
  assert.deepEqual(diffEvents({}, large), [{ op: 'replace', path: '', value: large }])
  const small = { a: 'x'.repeat(limits.runDiffBytes - 100) }
  assert.equal(diffEvents({}, small)[0]!.path, '/a')
})

test('diff: depth does not break it', () => {
  const nest = (leaf: number): unknown => JSON.parse('['.repeat(2_000) + leaf + ']'.repeat(2_000))
  assert.deepEqual(diffEvents(nest(1), nest(1)), [])
  const [operation] = diffEvents(nest(1), nest(2))
  assert.ok(operation!.op === 'replace')
  assert.equal(operation!.path, '/0'.repeat(500))
})
