/** What commands print: nothing of it moves a terminal's cursor, turns text around or hides. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { visible, visibleJson } from '../../src/cli/visible.ts'

const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
const HOSTILE = [
  '\u001b[2J\u001b]0;owned\u0007',
  '\u009b1m',
  '\u202egnp.exe\u200b\ufeff',
  '\u{e0041}',
]

test('cli: [228] terminal escapes, bidirectional and invisible characters are printed as escapes', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  fc.assert(
    fc.property(text, (value) => {
      assert.doesNotMatch(visible(value), HIDDEN)
      const json = visibleJson({ [value]: [value] })
      assert.doesNotMatch(json, HIDDEN)
      assert.deepEqual(JSON.parse(json), { [value]: [value] })
    }),
    { examples: HOSTILE.map((value) => [value]) },
  )
  assert.equal(visible('\u001b[31mred · é 中 🖉'), '\\u{1b}[31mred · é 中 🖉')
})
