/** What changed between two versions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { array, assert as holds, constantFrom, property } from 'fast-check'
import { definitionDiff, lineDiff } from '../../web/model/definition-diff.ts'
import type { StepWire } from '../../web/model/draft.ts'

const code = (name: string, text: string): StepWire => ({ type: 'code', name, code: text })
const shown = (lines: ReturnType<typeof lineDiff>) => lines.map(({ sign, text }) => sign + text)

test('diff: lines that both have stand once, the others with their sign', () => {
  assert.deepEqual(shown(lineDiff('a\nb\nc', 'a\nx\nc\nd')), [' a', '−b', '+x', ' c', '+d'])
  assert.deepEqual(shown(lineDiff('', 'a')), ['+a'])
  assert.deepEqual(shown(lineDiff('a', '')), ['−a'])
  assert.deepEqual(shown(lineDiff('a', 'a')), [' a'])
})

test('diff: both texts can be read out of it, whatever they are', () => {
  const line = constantFrom('a', 'b', 'c', '')
  const text = array(line, { minLength: 1, maxLength: 12 }).map((lines) => `.${lines.join('\n')}`)
  holds(
    property(text, text, (before, after) => {
      const lines = lineDiff(before, after)
      const without = (sign: string): string =>
        lines
          .filter((one) => one.sign !== sign)
          .map((one) => one.text)
          .join('\n')
      assert.equal(without('+'), before)
      assert.equal(without('−'), after)
    }),
  )
})

test('diff: steps are added, removed, changed and moved, by their names', () => {
  const before = {
    name: 'A',
    steps: [code('one', '1'), code('two', '2'), code('old', 'x'), code('same', 's')],
  }
  const after = {
    name: 'B',
    steps: [code('two', '2'), code('one', '1\n!'), code('new', 'y'), code('same', 's')],
  }
  const sections = definitionDiff(before, after).map(({ title, change, lines }) =>
    [title, change].concat(shown(lines)),
  )
  assert.deepEqual(sections, [
    ['Workflow', 'changed', '−name: A', '+name: B'],
    ['two · code', 'moved'],
    ['one · code', 'changed', ' 1', '+!'],
    ['new · code', 'added', '+y'],
    ['old · code', 'removed', '−x'],
  ])
  assert.deepEqual(definitionDiff(before, before), [])
})

test('diff: what is far from a change is left out, with a line that says so', () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`)
  const before = { name: 'A', steps: [code('one', lines.join('\n'))] }
  const after = { name: 'A', steps: [code('one', lines.with(10, 'new').join('\n'))] }
  const [section] = definitionDiff(before, after)
  assert.deepEqual(shown(section!.lines), [
    ' …',
    ' line 7',
    ' line 8',
    ' line 9',
    '−line 10',
    '+new',
    ' line 11',
    ' line 12',
    ' line 13',
    ' …',
  ])
})

test('diff: an Action is compared as a person reads it', () => {
  const hook = (fields: object): StepWire => ({
    type: 'webhook',
    name: 'hook',
    url: 'https://a.example/',
    ...fields,
  })
  const before = { name: 'A', steps: [hook({ payload: '$event' })] }
  const after = {
    name: 'A',
    steps: [hook({ payload: '$event', method: 'PUT', headers: { a: 'b' } })],
  }
  assert.deepEqual(shown(definitionDiff(before, after)[0]!.lines).slice(0, 3), [
    '−POST https://a.example/',
    '+PUT https://a.example/',
    '+a: b',
  ])
})
