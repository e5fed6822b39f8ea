/**
 * Values nested so deeply that whoever walks them runs out of stack: what a step makes of one is shown as
 * too deep, and what forges one costs its own process. Neither the server nor its store ever sees it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { limits } from '../../../src/model/limits.ts'
import { isDeeperThan } from '../../../src/model/json-depth.ts'
import { ProtocolError, readJson } from '../../../src/runner/protocol.ts'
import { RunRecord } from '../../../src/runner/run-record.ts'
import { startApp } from '../../support/app.ts'
import { jobOf } from '../../support/run-code.ts'

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

test('nesting: the depth of JSON is that of its brackets outside of strings', () => {
  assert.equal(isDeeperThan(3, nested(3)), false)
  assert.equal(isDeeperThan(3, nested(4)), true)
  assert.equal(isDeeperThan(2, `[${'{},'.repeat(50)}{}]`), false)
  assert.equal(isDeeperThan(1, JSON.stringify(['[[[[[{{{{'.repeat(10), '"\\"[[[['])), false)
  assert.equal(isDeeperThan(1, JSON.stringify({ a: { b: '\\' }, c: [[1]] })), true)
})

test('[56] [251] nesting: a step that exports or leaves a value nested 20,000 deep is shown so, and the next runs', async (t) => {
  const app = await startApp(t)
  const code = `let deep = []; for (let n = 0; n < 20_000; n++) deep = n % 2 ? [deep] : { deep }; $event.deep = deep; this.fine = 1; return deep`
  const { run } = await app.run([
    { type: 'code', name: 'deep', code },
    { type: 'code', name: 'next', code: `return 1` },
  ])
  assert.equal(run!.status, 'succeeded')
  const [deep, next] = run!.steps
  // How deep V8 gets before the limit is looked at depends on what of its stack is left.
  const refused = /"\$error":"(?:nested deeper than 1,100 levels|not JSON: Maximum call stack)/
  assert.equal(deep!.exports['fine'], 1)
  assert.match(JSON.stringify(deep!.exports), refused)
  assert.match(JSON.stringify(deep!.diff), /nested deeper than|Maximum call stack/)
  assert.deepEqual(next!.exports, { $return_value: 1 })
  assert.equal((await app.run([{ type: 'code', code: `return 2` }])).run!.status, 'succeeded')
})

test('nesting: an event as deep as it may be is still worked with', async (t) => {
  const app = await startApp(t)
  const body = JSON.parse(nested(limits.eventBodyDepth)) as unknown
  const { run } = await app.run(
    [{ type: 'code', code: `$event.again = [$event.body]; return $event.body` }],
    body,
  )
  assert.equal(run!.status, 'succeeded')
  assert.doesNotMatch(JSON.stringify(run!.steps), /nested deeper than/)
})

test('[R38] [251] nesting: a guest that says something nested too deeply breaks the protocol', () => {
  assert.throws(() => readJson(Buffer.from(nested(limits.exportDepth + 100))), ProtocolError)
  const record = new RunRecord(systemClock, jobOf({ one: `` }))
  const end = { type: 'end', run: '', step: 0, durationMs: 1, status: 'succeeded' } as const
  const exports = `{"a":${nested(100_000)}}`
  const message = { ...end, message: null, error: null, exportsBytes: exports.length }
  assert.throws(() => record.end(message, Buffer.from(`${exports}[]`)), ProtocolError)
  const diff = `[{"op":"add","path":"/a","value":${nested(100_000)}}]`
  const other = { ...message, exportsBytes: 2 }
  assert.throws(() => record.end(other, Buffer.from(`{}${diff}`)), ProtocolError)
})
