/** Where a sign-in leads: a page of this site, whatever the address says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { nextPath } from '../../web/model/next-path.ts'

const BASE = 'https://sendoff.example'

test('next path: pages of this site are gone to, with their query', () => {
  for (const path of ['/', '/workflows/wf_1?event=evt_2#a', '/deliveries?q=//x']) {
    assert.equal(nextPath(path), path)
  }
  assert.equal(nextPath(undefined), '/')
  assert.equal(nextPath('/signin?next=/'), '/')
})

test('next path: nothing leads elsewhere [231]', () => {
  const elsewhere = ['//evil.example', '/\\evil.example', '\\\\evil.example', '/\t/evil.example']
  for (const next of [...elsewhere, `${BASE}.evil.example`, 'javascript:alert(1)', 'evil', '']) {
    assert.equal(nextPath(next), '/', next)
  }
  const part = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    ':',
    '@',
    '%2f',
    '\t',
    '\n',
    ' ',
    'evil.example',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      assert.equal(new URL(nextPath(parts.join('')), BASE).origin, BASE)
    }),
  )
})
