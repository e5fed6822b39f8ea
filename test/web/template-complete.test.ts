/** Completion between `{{` and `}}`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { templateChoices } from '../../web/model/template-complete.ts'
import { expressionBefore } from '../../web/model/template-place.ts'

const scope = {
  event: {
    method: 'POST',
    body: { customer: { 'first name': 'Luke', id: 7 }, items: [{ sku: 'a' }] },
    headers: { 'x-shop': 'berlin' },
  },
  steps: { sum: { $return_value: { total: 12 } } },
  variables: ['API_KEY'],
}

/** `|` is the cursor. */
function at(marked: string) {
  const cursor = marked.indexOf('|')
  const text = marked.replace('|', '')
  const found = templateChoices(text, cursor, scope)
  return found && { from: found.from, labels: found.choices.map(({ label }) => label), found }
}

test('template: only between braces, and of several the ones around the cursor', () => {
  assert.equal(at('https://a.example/$event.|'), null)
  assert.equal(at('{{$event.method}}/$event.|'), null)
  assert.equal(expressionBefore('{{a}}-{{b', 9), 'b')
  assert.equal(expressionBefore('{{a}}-{{b}}', 3), 'a')
  assert.equal(expressionBefore('{ {a', 4), null)
})

test('template: an empty pair offers the roots, the beginning of one those that fit', () => {
  assert.deepEqual(at('/{{|}}')?.labels, ['$event', 'steps', 'process.env', '$context'])
  assert.deepEqual(at('/{{$e|}}')?.labels, ['$event'])
  assert.deepEqual(at('/{{ st|}}')?.labels, ['steps'])
  assert.equal(at('/{{$event|}}'), null)
  assert.equal(at('/{{$send|}}'), null)
})

test('template: paths with their values, filtered by what is typed', () => {
  assert.deepEqual(at('{{$event.|}}')?.labels, ['method', 'body', 'headers'])
  assert.equal(at('{{$event.|}}')?.found.choices[0]!.detail, '"POST"')
  assert.deepEqual(at('a/{{$event.body.cus|}}'), {
    from: 16,
    labels: ['customer'],
    found: at('a/{{$event.body.cus|}}')!.found,
  })
  assert.deepEqual(at('{{$event.body.customer.na|}}')?.labels, ['first name'])
  assert.equal(at('{{$event.method|}}'), null)
})

test('template: exports of steps, variables and keys in brackets', () => {
  assert.deepEqual(at('{{steps.|}}')?.labels, ['trigger', 'sum'])
  assert.deepEqual(at('{{steps.sum.$return_value.|}}')?.labels, ['total'])
  assert.deepEqual(at('Bearer {{process.env.|}}')?.labels, ['API_KEY'])
  assert.deepEqual(at('{{$event.headers["x|}}')?.labels, ['["x-shop"]'])
  assert.deepEqual(at('{{Number(steps.sum.$return_value.t|)}}')?.labels, ['total'])
})
