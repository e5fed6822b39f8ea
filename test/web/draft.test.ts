/** A workflow while it is edited. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as draft from '../../web/model/draft.ts'
import type { StepWire } from '../../web/model/draft.ts'

const code: StepWire = { type: 'code', name: 'nodejs', code: 'return 1' }
const hook: StepWire = {
  type: 'webhook',
  name: 'hook',
  url: 'https://a.example/',
  payload: '$event.body',
  method: 'PUT',
  headers: { 'x-a': '1' },
  params: { q: '{{ $event.path }}' },
  auth: { username: 'u', password: 'p' },
  retry: { attempts: 2 },
}
const note: StepWire = { type: 'note', name: 'note', text: 'Hello' }
const saved = { name: 'Orders', steps: [code, hook, note] }

test('draft: what was saved is edited and saved again without a loss', () => {
  const now = draft.draftOf(saved)
  assert.deepEqual(draft.stepsOf(now), saved.steps)
  assert.equal(draft.isChanged(now, saved), false)
})

test('draft: empty fields of the Action are left out, and text is trimmed where it means nothing', () => {
  const empty = draft.withStep(draft.draftOf({ name: 'A', steps: [] }), 0, 'webhook')
  const key = empty.steps[0]!.key
  const filled = draft.withChange(empty, key, {
    url: ' https://a.example ',
    payload: ' ',
    method: 'post',
    headers: [
      { name: '', value: '' },
      { name: ' x-a ', value: ' kept ' },
    ],
  })
  assert.deepEqual(draft.stepsOf(filled), [
    { type: 'webhook', name: 'webhook', url: 'https://a.example', headers: { 'x-a': ' kept ' } },
  ])
})

test('draft: a new step gets a free name and a key of its own', () => {
  let now = draft.draftOf(saved)
  now = draft.withStep(now, 1, 'code')
  now = draft.withDuplicate(now, now.steps[1]!.key)
  assert.deepEqual(
    now.steps.map(({ name }) => name),
    ['nodejs', 'nodejs_2', 'nodejs_3', 'hook', 'note'],
  )
  assert.equal(new Set(now.steps.map(({ key }) => key)).size, 5)
  assert.equal(draft.isChanged(now, saved), true)
})

test('draft: steps move one place and stop at the ends', () => {
  const now = draft.draftOf(saved)
  const order = (one: draft.Draft): string => one.steps.map(({ name }) => name).join(' ')
  const [first, second] = now.steps
  assert.equal(order(draft.withMoved(now, first!.key, 1)), 'hook nodejs note')
  assert.equal(order(draft.withMoved(now, second!.key, -1)), 'hook nodejs note')
  assert.equal(draft.withMoved(now, first!.key, -1), now)
  assert.equal(order(draft.withoutStep(now, first!.key)), 'hook note')
})

test('draft: a renamed step is still known by the name it was saved under, until the save', () => {
  const base = draft.draftOf(saved)
  const now = draft.withChange(base, base.steps[0]!.key, { name: 'greet' })
  assert.equal(now.steps[0]!.savedName, 'nodejs')
  assert.equal(draft.isStepChanged(now.steps[0]!, saved.steps), true)
  assert.equal(draft.isStepChanged(now.steps[1]!, saved.steps), false)
  const next = { name: 'Orders', steps: draft.stepsOf(now) }
  const after = draft.rebased(now, next)
  assert.equal(after.steps[0]!.savedName, 'greet')
  assert.equal(after.steps[0]!.key, base.steps[0]!.key)
  assert.equal(draft.isChanged(after, next), false)
})
