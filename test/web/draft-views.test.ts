/** Edited steps beside what a run recorded. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draftOf, withChange, withoutStep, withStep } from '../../web/model/draft.ts'
import type { StepWire } from '../../web/model/draft.ts'
import { draftViews, namesIn, savedNameOf } from '../../web/model/draft-views.ts'

const code = (name: string): StepWire => ({ type: 'code', name, code: '' })
const record = (name: string, exports: object, diff: object[] = []) => ({
  name,
  type: 'code',
  status: 'succeeded',
  durationMs: 1,
  logs: [],
  exports,
  diff,
  error: null,
  skipped: [],
})
const event = {
  body: { a: 1 },
  headers: { authorization: 'Bearer secret-of-somebody' },
  proto: { headers: [] },
}
const detail = {
  event,
  run: {
    steps: [
      record('one', { x: 1 }, [{ op: 'add', path: '/seen', value: true }]),
      record('two', { y: 2 }),
    ],
  },
  deliveries: [{ id: 'dlv_1', step: 'two' }],
} as never

const saved = draftOf({ name: 'A', steps: [code('one'), code('two')] })

test('draft views: each step has what it did, found by the name it ran under', () => {
  const renamed = withChange(saved, saved.steps[0]!.key, { name: 'first' })
  const { views, gone } = draftViews(renamed.steps, detail, savedNameOf)
  assert.deepEqual(
    views.map(({ step, ran }) => [step.name, ran?.name]),
    [
      ['first', 'one'],
      ['two', 'two'],
    ],
  )
  assert.equal(views[1]!.ran!.deliveries.length, 1)
  assert.deepEqual(gone, [])
})

test('draft views: what a dry run did is found by the names of its draft, renamed since or not', () => {
  const dry = draftViews(
    withChange(saved, saved.steps[0]!.key, { name: 'first' }).steps,
    detail,
    namesIn(saved),
  )
  assert.equal(dry.views[0]!.ran?.name, 'one')
  const later = withStep(saved, 0, 'code')
  const { views } = draftViews(later.steps, detail, namesIn(saved))
  assert.deepEqual(
    views.map(({ ran }) => ran?.name),
    [undefined, 'one', 'two'],
  )
})

test('draft views: a step that ran and was deleted since is still shown', () => {
  const { views, gone } = draftViews(
    withoutStep(saved, saved.steps[0]!.key).steps,
    detail,
    savedNameOf,
  )
  assert.deepEqual([views.length, gone.map(({ name }) => name)], [1, ['one']])
  assert.equal(gone[0]!.definition, null)
})

test('draft views: the code of a deleted step is shown where its version is known', () => {
  const { steps } = withoutStep(saved, saved.steps[0]!.key)
  const known = [code('one'), code('two')]
  assert.equal(draftViews(steps, detail, savedNameOf, known).gone[0]!.definition, known[0])
  const note: StepWire = { type: 'note', name: 'one', text: '' }
  assert.equal(draftViews(steps, detail, savedNameOf, [note]).gone[0]!.definition, null)
})

test('draft views: completion knows the event as the step sees it, masked, and exports by their new names', () => {
  let draft = withStep(saved, 2, 'code')
  draft = withChange(draft, saved.steps[0]!.key, { name: 'first' })
  const { views } = draftViews(draft.steps, detail, savedNameOf)
  const { scope } = views[2]!
  assert.deepEqual(scope.steps, { first: { x: 1 }, two: { y: 2 } })
  const seen = scope.event as { seen: boolean; headers: Record<string, string> }
  assert.equal(seen.seen, true)
  assert.doesNotMatch(seen.headers['authorization']!, /secret/)
  assert.deepEqual(views[0]!.scope.steps, {})
})
