/** What a run may say of itself, whoever says it: the record holds the limits by itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { limits } from '../../src/model/limits.ts'
import { ProtocolError } from '../../src/runner/protocol.ts'
import { RunRecord } from '../../src/runner/run-record.ts'
import { jobOf } from '../support/run-code.ts'

const FIELDS = {
  method: 'GET',
  url: 'https://example.com/',
  headers: [],
  timeoutMs: 1_000,
  retry: null,
  followRedirects: 0,
  signed: false,
}
const NONE = new Uint8Array(0)
const record = (): RunRecord => new RunRecord(systemClock, jobOf({ one: '', two: '' }))
const call = (index: number, fields: object = FIELDS) =>
  ({ type: 'send', run: '', step: 0, index, fields, hasBody: false }) as const
const line = (text: string, step = 0) =>
  ({ type: 'log', run: '', step, at: 1, level: 'log', text }) as const
const end = (step: number, exports = '{}', diff = '[]', over: object = {}) =>
  [
    {
      type: 'end',
      run: '',
      step,
      durationMs: 1,
      status: 'succeeded',
      message: null,
      error: null,
      exportsBytes: Buffer.byteLength(exports),
      ...over,
    },
    Buffer.from(exports + diff),
  ] as const

test('run-record: calls come in order and within their number', () => {
  const run = record()
  for (let index = 0; index < limits.runSends; index++) run.send(call(index), NONE)
  assert.throws(() => run.send(call(limits.runSends), NONE), ProtocolError)
  assert.throws(() => record().send(call(1), NONE), ProtocolError)
  assert.equal(run.settle({ kind: 'done', durationMs: 1 }).sends.length, limits.runSends)
})

test('run-record: data of calls is bounded together', () => {
  const run = record()
  const half = new Uint8Array(limits.runSendBytes / 2)
  run.send({ ...call(0), hasBody: true }, half)
  run.send({ ...call(1), hasBody: true }, half)
  assert.throws(() => run.send({ ...call(2), hasBody: true }, new Uint8Array(1)), ProtocolError)
})

test('[251] run-record: a call is checked again: every field, whatever the guest says', () => {
  const bad = [
    { url: 'file:///etc/passwd' },
    { url: 'not a url' },
    { method: 'GET x' },
    { method: '' },
    { headers: [['Host', 'evil.example']] },
    { headers: [['a', 'b\r\nc: d']] },
    { headers: 'none' },
    { timeoutMs: 1e9 },
    { timeoutMs: -1 },
    { followRedirects: 99 },
    { retry: { attempts: 1e9 } },
    { signed: 'yes' },
  ]
  for (const over of bad)
    assert.throws(
      () => record().send(call(0, { ...FIELDS, ...over }), NONE),
      ProtocolError,
      JSON.stringify(over),
    )
  assert.throws(() => record().send({ ...call(0), fields: null }, NONE), ProtocolError)
})

test('run-record: logs are bounded by size and by number', () => {
  const bySize = record()
  bySize.log(line('x'.repeat(limits.runLogBytes)))
  assert.throws(() => bySize.log(line('x'.repeat(1_000))), ProtocolError)
  const byNumber = record()
  assert.throws(() => {
    for (let index = 0; index < 10_000; index++) byNumber.log(line(''))
  }, ProtocolError)
})

test('run-record: steps end in order, once, and speak only once they run', () => {
  const run = record()
  assert.throws(() => run.end(...end(1)), ProtocolError)
  assert.throws(() => run.log(line('too early', 1)), ProtocolError)
  assert.equal(run.isThrough(), false)
  run.end(...end(0))
  run.log(line('the step before may still log'))
  assert.throws(() => run.end(...end(0)), ProtocolError)
  run.end(...end(1, '{}', '[]', { status: 'ended', message: 'why' }))
  assert.throws(() => run.end(...end(1)), ProtocolError)
  assert.throws(() => run.end(...end(2)), ProtocolError)
  assert.equal(run.isThrough(), true)
  assert.equal(run.settle({ kind: 'done', durationMs: 1 }).outcome.message, '$end: why')
})

test('run-record: exports and diff are JSON of their kind, and bounded', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['[]', '[]'],
    ['null', '[]'],
    ['1', '[]'],
    ['{', '[]'],
    ['{}', '{}'],
    ['{}', '[1]'],
    ['{}', '[{"op":"move","path":""}]'],
    ['{}', '[{"op":"add"}]'],
    [`{"a":"${'x'.repeat(2 * limits.runExportBytes)}"}`, '[]'],
    ['{}', `[{"op":"add","path":"","value":"${'x'.repeat(2 * limits.runDiffBytes)}"}]`],
  ]
  for (const [exports, diff] of refused)
    assert.throws(() => record().end(...end(0, exports, diff)), ProtocolError)
  assert.throws(() => record().end(...end(0, '{}', '', { exportsBytes: 99 })), ProtocolError)
})

test('run-record: a run that is cut keeps what had arrived; the step under way takes the blame', () => {
  const run = record()
  run.end(...end(0, '{"a":1}'))
  run.log(line('in two', 1))
  const { outcome } = run.settle({ kind: 'timed_out', cpuLimitMs: null })
  assert.equal(outcome.status, 'timed_out')
  assert.deepEqual(
    outcome.steps.map(({ status }) => status),
    ['succeeded', 'timed_out'],
  )
  assert.deepEqual(outcome.steps[0]!.exports, { a: 1 })
  assert.equal(outcome.steps[1]!.logs[0]!.text, 'in two')
})

test('[251] run-record: a response comes once, where one is waited for, and is checked again', () => {
  const custom = (): RunRecord =>
    new RunRecord(systemClock, jobOf({ one: '', two: '' }, { response: 'custom' }))
  const respond = (over: object = {}) =>
    ({
      type: 'respond',
      run: '',
      step: 0,
      status: 200,
      headers: [['X-A', 'b']],
      immediate: false,
      hasBody: true,
      ...over,
    }) as const
  const body = Buffer.from('hi')
  const run = custom()
  run.respond(respond(), body)
  assert.throws(() => run.respond(respond(), body), ProtocolError)
  const { response } = run.settle({ kind: 'done', durationMs: 1 })
  assert.deepEqual([response!.status, Buffer.from(response!.body!).toString()], [200, 'hi'])
  assert.throws(() => record().respond(respond(), body), ProtocolError)
  const bad: readonly object[] = [
    { step: 1 },
    { status: 100 },
    { status: 204 },
    { headers: null },
    { headers: [['Set-Cookie', 'a=b']] },
    { headers: [['X-A', 'b\r\nc']] },
    { headers: [['Content-Length', '9']] },
    { headers: [['__proto__']] },
  ]
  for (const over of bad) {
    assert.throws(() => custom().respond(respond(over), body), ProtocolError, JSON.stringify(over))
  }
  const large = new Uint8Array(limits.responseBodyBytes + 1)
  assert.throws(() => custom().respond(respond(), large), ProtocolError)
})
