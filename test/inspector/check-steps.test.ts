/** What the editor asks while somebody types: every fault of every step, with its place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startInspector } from '../support/inspector.ts'

const code = (text: string, name?: string) => ({ type: 'code', code: text, ...(name && { name }) })
const hook = (fields: object) => ({ type: 'webhook', url: 'https://a.example/', ...fields })

test('check: steps that could be saved have no problems', async (t) => {
  const api = await startInspector(t)
  const steps = [
    code('const a: number = await 1\nreturn a'),
    hook({ payload: '$event.body' }),
    { type: 'note', text: 'Hello' },
  ]
  const { status, body } = await api.call('POST', '/check', { body: { steps } })
  assert.deepEqual([status, body], [200, { problems: [] }])
})

test('check: every broken step is told of at once, with its line and column', async (t) => {
  const api = await startInspector(t)
  const steps = [code('const a = 1\nconst = 2'), code('return 1'), code('return (')]
  const { body } = await api.call('POST', '/check', { body: { steps } })
  assert.deepEqual(
    body.problems.map(({ step, line, column, field }: never) => [step, line, column, field]),
    [
      [0, 2, 7, null],
      [2, 1, 9, null],
    ],
  )
  assert.equal(body.problems[0].message, "Unexpected token '='")
})

test('check: a fault of a webhook names its field', async (t) => {
  const api = await startInspector(t)
  const steps = [
    hook({ payload: '{ a: 1,\n  b: }' }),
    hook({ url: '' }),
    hook({ url: 'example' }),
    hook({ headers: { 'x-a': '{{ 1 + }}' } }),
    hook({ method: 'GE T' }),
  ]
  const { body } = await api.call('POST', '/check', { body: { steps } })
  assert.deepEqual(
    body.problems.map(({ step, field, line }: never) => [step, field, line]),
    [
      [0, 'payload', 2],
      [1, 'url', null],
      [2, 'url', null],
      [3, 'headers', null],
      [4, 'method', null],
    ],
  )
})

test('check: a name that another step has is a problem of the second, whatever else is wrong', async (t) => {
  const api = await startInspector(t)
  const steps = [code('return (', 'b'), code('', 'a'), code('', 'a')]
  const { body } = await api.call('POST', '/check', { body: { steps } })
  assert.deepEqual(
    body.problems.map(({ step, message }: never) => [step, message]),
    [
      [0, 'Unexpected end: something is not closed'],
      [2, 'its name "a" is taken, choose another'],
    ],
  )
})

test('check: more steps than a workflow may have are refused, and nothing is run', async (t) => {
  const api = await startInspector(t)
  const steps = Array.from({ length: 101 }, () => code(''))
  assert.equal((await api.call('POST', '/check', { body: { steps } })).status, 400)
  const one = { steps: [code('process.exit(1)')] }
  assert.deepEqual((await api.call('POST', '/check', { body: one })).body, { problems: [] })
})
