/** What the editor offers behind a dot, and what it says about options of `$send.http`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normaliseCall } from '../../src/model/send.ts'
import { completionsAt } from '../../web/model/complete.ts'
import type { Scope } from '../../web/model/complete.ts'
import { missingOptions, optionHint, sendOptions } from '../../web/model/send-options.ts'

const scope: Scope = {
  event: {
    method: 'POST',
    headers: { 'content-type': 'application/json', host: 'a' },
    body: { order: { id: 42, 'first name': 'Luke' }, items: [{ sku: 'x' }] },
  },
  steps: { greet: { $return_value: { ok: true } }, 'my step': { n: 1 } },
  variables: ['API_KEY'],
}

const labels = (before: string): readonly string[] =>
  completionsAt(before, scope)?.choices.map(({ label }) => label) ?? []

test('completion: paths are those that the selected event has', () => {
  assert.deepEqual(labels('$event.'), ['method', 'headers', 'body'])
  assert.deepEqual(labels('const a = $event.body.order.i'), ['id', 'first name'])
  assert.deepEqual(labels('$event?.body?.'), ['order', 'items'])
  assert.deepEqual(labels('$event.body.items[0].'), ['sku'])
  assert.deepEqual(labels("$event['body'].order."), ['id', 'first name'])
  assert.deepEqual(labels('$event.\n  body.'), ['order', 'items'])
  assert.deepEqual(labels('$event.body.none.'), [])
})

test('completion: each choice shows the value it stands for', () => {
  const id = completionsAt('$event.body.order.', scope)!.choices[0]!
  assert.deepEqual([id.detail, id.apply, id.back], ['42', 'id', 0])
})

test('completion: a key that is no name takes brackets in place of the dot', () => {
  const { from, choices } = completionsAt('$event.headers.', scope)!
  assert.equal(from, '$event.headers.'.length)
  assert.deepEqual(
    [choices[0]!.label, choices[0]!.apply, choices[0]!.back],
    ['content-type', '["content-type"]', 1],
  )
  const inBrackets = completionsAt('$event.headers["con', scope)!
  assert.equal(inBrackets.from, '$event.headers'.length)
  assert.equal(inBrackets.choices[0]!.apply, '["content-type"]')
})

test('completion: items of a list come with the ways to go through it', () => {
  assert.deepEqual(labels('$event.body.items.').slice(0, 3), ['0', 'length', 'map'])
})

test('completion: exports of earlier steps, and the untouched event', () => {
  assert.deepEqual(labels('steps.'), ['trigger', 'greet', 'my step'])
  assert.deepEqual(labels('steps.greet.$return_value.'), ['ok'])
  assert.deepEqual(labels('steps["my step"].'), ['n'])
  assert.deepEqual(labels('steps.trigger.event.'), ['method', 'headers', 'body'])
})

test('completion: variables, the run, and the words of a step', () => {
  assert.deepEqual(labels('process.env.'), ['API_KEY'])
  assert.deepEqual(labels('process.'), ['env'])
  assert.ok(labels('$context.').includes('replay_of'))
  assert.deepEqual(labels('$se'), ['$send.http'])
  assert.deepEqual(labels('$send.'), ['http'])
  assert.deepEqual(labels('other.$event.'), [])
  assert.deepEqual(labels('x'), [])
})

test('completion: without an event its fields are known, and nothing below them is made up', () => {
  const none: Scope = { event: null, steps: {}, variables: [] }
  const { choices } = completionsAt('$event.', none)!
  assert.equal(choices.length, 9)
  assert.equal(completionsAt('$event.body.', none), null)
})

const call = { method: 'POST', url: 'https://a.example/' }

test('hints: what is known and what is meant is what the server says', () => {
  for (const { name } of sendOptions) assert.equal(optionHint(name), null)
  const words =
    'body json form payload query qs search searchParams header uri href endpoint verb type ' +
    'authorization credentials timeoutMs retries redirect maxRedirects sign Method DATA wrong'
  for (const word of words.split(' ')) {
    assert.throws(
      () => normaliseCall({ ...call, [word]: 1 }),
      ({ message }: Error) => {
        const meant = /did you mean (\w+)\?/.exec(message)?.[1] ?? null
        assert.equal(optionHint(word)?.meant, meant, `${word}: ${message}`)
        return true
      },
    )
  }
})

test('hints: every option is one that the server takes', () => {
  const values = {
    ...call,
    data: 1,
    headers: {},
    params: {},
    auth: { username: 'a', password: 'b' },
    timeout: 1_000,
    retry: true,
    followRedirects: 1,
    signed: false,
  }
  assert.deepEqual(sendOptions.map(({ name }) => name).toSorted(), Object.keys(values).toSorted())
  assert.equal(normaliseCall(values).kind, 'send')
  assert.deepEqual(missingOptions(['url']), ['method'])
})
