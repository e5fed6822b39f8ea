/** A dry run beside the recorded one: rows, pairs of sends, and what counts as a difference. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareEvents, compareSteps } from '../../web/model/run-compare.ts'
import { changedPart, foldedRows, paired, splitRows } from '../../web/model/split-rows.ts'
import type { StepView } from '../../web/model/step-views.ts'

const record = {
  name: 'one',
  type: 'code',
  status: 'succeeded',
  durationMs: 1,
  logs: [{ at: 1, level: 'log', text: 'hello' }],
  exports: { total: 12 },
  diff: [],
  error: null,
  skipped: [],
} as const

const delivery = (index: number, body: string, url = 'https://a.example/') => ({
  id: `dlv_${index}`,
  step: 'one',
  index,
  request: { method: 'POST', url, headers: [], body, bodyEncoding: 'utf8', size: body.length },
})

const view = (change: object = {}, deliveries: readonly object[] = []): StepView =>
  ({
    name: 'one',
    type: 'code',
    definition: null,
    record: { ...record, ...change },
    deliveries,
    eventBefore: { body: { a: 1 } },
    eventAfter: {},
  }) as never

test('split rows: what was replaced stands beside what came in its place', () => {
  assert.deepEqual(splitRows('a\nb\nc\nd', 'a\nB\nd\ne'), [
    { before: 'a', after: 'a', isSame: true },
    { before: 'b', after: 'B', isSame: false },
    { before: 'c', after: null, isSame: false },
    { before: 'd', after: 'd', isSame: true },
    { before: null, after: 'e', isSame: false },
  ])
  assert.deepEqual(splitRows('', 'a\nb'), [
    { before: null, after: 'a', isSame: false },
    { before: null, after: 'b', isSame: false },
  ])
})

test('split rows: long stretches that are the same are left out, one row never is', () => {
  const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`)
  const rows = splitRows(
    [...lines(20), 'x', ...lines(5)].join('\n'),
    [...lines(20), 'y', ...lines(5)].join('\n'),
  )
  const shown = foldedRows(rows).map((one) => (one.kind === 'row' ? one.row.before : one.count))
  assert.deepEqual(shown, [18, 'line 18', 'line 19', 'x', 'line 0', 'line 1', 3])
  const short = foldedRows(splitRows('a\nb\nc\nx', 'a\nb\nc\ny'))
  assert.equal(short.length, 4)
  const within = foldedRows(
    splitRows(['x', ...lines(9), 'x'].join('\n'), ['y', ...lines(9), 'y'].join('\n')),
  )
  assert.deepEqual(
    within.map((one) => (one.kind === 'row' ? one.row.after : one.count)),
    ['y', 'line 0', 'line 1', 5, 'line 7', 'line 8', 'y'],
  )
})

test('split rows: within a line, only what differs is marked', () => {
  assert.deepEqual(changedPart('total: 12 EUR', 'total: 140 EUR'), {
    start: 'total: 1',
    changed: '2',
    end: ' EUR',
  })
  assert.deepEqual(changedPart('aa', 'a'), { start: 'a', changed: 'a', end: '' })
})

test('paired: things are the same by their key, and keep what they are on either side', () => {
  const pairs = paired(
    [{ id: 1, key: 'a' }],
    [
      { id: 2, key: 'b' },
      { id: 3, key: 'a' },
    ],
    ({ key }) => key,
  )
  assert.deepEqual(pairs, [
    { before: null, after: { id: 2, key: 'b' }, isSame: false },
    { before: { id: 1, key: 'a' }, after: { id: 3, key: 'a' }, isSame: true },
  ])
})

test('compare: the same work is the same, however long it took', () => {
  const { isSame, parts } = compareSteps(
    view(),
    view({ durationMs: 400, logs: [{ ...record.logs[0], at: 9 }] }),
  )
  assert.equal(isSame, true)
  assert.deepEqual(
    parts.map(({ title, hint }) => [title, hint]),
    [
      ['Logs', 'same, 1 line'],
      ['Exports', 'same, 3 lines'],
    ],
  )
})

test('compare: each part that differs says so: error, logs, exports and the changes of $event', () => {
  const error = { name: 'TypeError', message: 'no', stack: '', line: 3, column: 5 }
  const logs = [{ at: 1, level: 'error', text: 'hello' }]
  const diff = [{ op: 'replace', path: '/body/a', value: 2 }]
  const changed = { status: 'failed', error, logs, exports: { total: 14 }, diff }
  const { isSame, parts } = compareSteps(view(), view(changed))
  assert.equal(isSame, false)
  assert.deepEqual(
    parts.map(({ title, hint, rows }) => [title, hint, rows().at(-1)!.after]),
    [
      ['Error', '2 lines differ', 'line 3, column 5'],
      ['Logs', '1 line differs', 'error hello'],
      ['Exports', '1 line differs', '}'],
      ['$event', '1 line differs', '~ $event.body.a: 1 → 2'],
    ],
  )
})

test('compare: a status alone is a difference, and so is a step that one run does not have', () => {
  assert.equal(compareSteps(view(), view({ status: 'ended' })).isSame, false)
  assert.equal(compareSteps(null, view()).isSame, false)
  assert.equal(compareSteps(null, null).isSame, true)
})

test('compare: sends are paired by what they send, those in between are new', () => {
  const recorded = view({}, [delivery(0, '{"a":1}'), delivery(1, '{"b":1}')])
  const dry = view({ skipped: [{ index: 2, reason: 'payload is undefined' }] }, [
    delivery(0, '"new"'),
    delivery(1, '{"a":1}'),
  ])
  const { isSame, sends } = compareSteps(recorded, dry)
  assert.equal(isSame, false)
  assert.deepEqual(
    sends.map((pair) => [pair.recorded?.index, pair.dry?.index, pair.isSame]),
    [
      [undefined, 0, false],
      [0, 1, true],
      [1, 2, false],
    ],
  )
  assert.equal(sends[2]!.rows()[0]!.after, 'skipped (payload is undefined)')
})

test('compare: headers that delivering adds are no difference, those of the step are', () => {
  const sent = (headers: readonly (readonly [string, string])[]) => {
    const { request, ...rest } = delivery(0, '{}')
    return view({}, [{ ...rest, request: { ...request, headers } }])
  }
  const own = [['x-shop', 'berlin']] as const
  const added = [
    ['host', 'a.example'],
    ['User-Agent', 'Sendoff/0.1.0 (+https://a.example/abuse)'],
    ['webhook-id', 'dlv_0'],
    ['webhook-timestamp', '1790000000'],
    ['traceparent', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
    ['sendoff-hops', '1'],
    ['webhook-signature', 'v1,abc='],
    ['content-length', '2'],
  ] as const
  assert.equal(compareSteps(sent([...own, ...added]), sent(own)).isSame, true)
  assert.equal(compareSteps(sent([...own, ...added]), sent([])).isSame, false)
  assert.equal(compareSteps(sent([['user-agent', 'mine']]), sent([])).isSame, false)
  assert.equal(compareSteps(sent([['webhook-id', 'mine']]), sent([])).isSame, false)
})

test('compare: an event is another by what steps see of it, not by when it came', () => {
  const event = {
    method: 'POST',
    path: '/',
    query: {},
    headers: {},
    body: { a: 1 },
    proto: { headers: [] },
  }
  assert.equal(compareEvents(event as never, { ...event, client_ip: '::1' } as never), null)
  const rows = compareEvents(event as never, { ...event, body: { a: 2 } } as never)
  assert.equal(rows?.filter(({ before, after }) => before !== after).length, 1)
})
