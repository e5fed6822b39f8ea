/** What a step can do, and what of it is recorded. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { StepRecord } from '../../src/model/run.ts'
import type { RunJob, RunResult } from '../../src/runner/runner.ts'
import { jobOf, programOf, requestOf, startRunner } from '../support/run-code.ts'
import type { TestRunner } from '../support/run-code.ts'

let runner: TestRunner
before(async () => (runner = await startRunner()))
after(() => runner.stop())

const step = (result: RunResult, index = 0): StepRecord => result.outcome.steps[index]!
const returned = async (code: string): Promise<unknown> => {
  const result = await runner.code(code)
  assert.equal(result.outcome.status, 'succeeded', result.outcome.message ?? '')
  return step(result).exports['$return_value']
}

test('steps: a run succeeds with exports, logs, diff and the call it made', async () => {
  const { outcome, sends } = await runner.code(
    `this.total = 3; console.log('hi', { a: 1 }); $event.seen = true
     $send.http({ method: 'post', url: 'https://example.com/x', data: { n: $event.body.n } })
     return 'done'`,
  )
  assert.equal(outcome.status, 'succeeded')
  assert.equal(outcome.message, null)
  const [record] = outcome.steps
  assert.equal(record!.status, 'succeeded')
  assert.deepEqual(record!.exports, { total: 3, $return_value: 'done' })
  assert.deepEqual(record!.diff, [{ op: 'add', path: '/seen', value: true }])
  assert.deepEqual(
    record!.logs.map(({ level, text }) => [level, text]),
    [['log', 'hi { a: 1 }']],
  )
  assert.equal(sends.length, 1)
  const { step: position, stepName, index, method, url, body } = sends[0]!
  assert.deepEqual(
    { position, stepName, index, method, url, body: Buffer.from(body!).toString() },
    {
      position: 0,
      stepName: 'step',
      index: 0,
      method: 'POST',
      url: 'https://example.com/x',
      body: '{"n":1}',
    },
  )
})

test('[R66] steps: a change of $event is seen by the next step; steps.trigger.event stays as it was', async () => {
  const result = await runner.code({
    first: `$event.body.n = 2; $event.list = [1]`,
    second: `$event.list.push(2); return [$event.body.n, steps.trigger.event.body.n, 'list' in steps.trigger.event]`,
  })
  assert.deepEqual(step(result, 1).exports['$return_value'], [2, 1, false])
  assert.deepEqual(step(result, 1).diff, [{ op: 'add', path: '/list/1', value: 2 }])
})

test('steps: steps holds the earlier steps alone, and can be returned whole by each', async () => {
  const result = await runner.code({
    first: `this.x = 1; return steps`,
    second: `return steps`,
    third: `return Object.keys(steps)`,
  })
  const event = step(result).exports['$return_value'] as { trigger: { event: unknown } }
  assert.deepEqual(Object.keys(event), ['trigger'])
  const first = { x: 1, $return_value: event }
  assert.deepEqual(step(result, 1).exports['$return_value'], { ...event, first })
  assert.deepEqual(step(result, 2).exports['$return_value'], ['trigger', 'first', 'second'])
})

test('steps: later steps find the return value of a step that froze its exports', async () => {
  const result = await runner.code({
    first: `this.x = 1; Object.freeze(this); return 2`,
    second: `return steps.first`,
  })
  assert.deepEqual(step(result, 1).exports['$return_value'], { x: 1, $return_value: 2 })
})

test("steps: the globals are Node's; a module that was not imported is an error, not a global", async () => {
  const code = `return [typeof url, typeof module, typeof path, typeof fs, 'events' in globalThis]`
  assert.deepEqual(await returned(code), [...Array<string>(4).fill('undefined'), false])
  const present = `return [typeof crypto.subtle, typeof Buffer, typeof process.nextTick, typeof console.log, typeof fetch]`
  assert.deepEqual(await returned(present), ['object', ...Array<string>(4).fill('function')])
})

test('steps: later steps read what earlier ones exported and returned', async () => {
  const result = await runner.code({
    one: `this.x = { deep: 1 }; return 2`,
    two: `return [steps.one.x.deep, steps.one.$return_value, typeof steps.two, typeof steps.three]`,
  })
  assert.deepEqual(step(result, 1).exports['$return_value'], [1, 2, 'undefined', 'undefined'])
})

test('[R67] [92] steps: a call is a snapshot: changing what was passed changes nothing', async () => {
  const { sends } = await runner.code(
    `const data = { a: 1 }; const headers = { 'X-A': '1' }
     $send.http({ method: 'POST', url: 'https://example.com', data, headers })
     data.a = 2; headers['X-A'] = '2'`,
  )
  assert.equal(Buffer.from(sends[0]!.body!).toString(), '{"a":1}')
  assert.deepEqual(
    sends[0]!.headers.find(([name]) => name === 'X-A'),
    ['X-A', '1'],
  )
})

test('steps: a throw stops the run; what came before it stays, its calls included', async () => {
  const { outcome, sends } = await runner.code({
    one: `this.kept = 1; $send.http({ method: 'GET', url: 'https://example.com' })`,
    two: `$send.http({ method: 'GET', url: 'https://example.com/2' }); throw new RangeError('too far')`,
    three: `return 1`,
  })
  assert.equal(outcome.status, 'failed')
  assert.equal(outcome.message, 'EXCEPTION RangeError: too far')
  assert.deepEqual(
    outcome.steps.map(({ status }) => status),
    ['succeeded', 'failed', 'not_run'],
  )
  assert.deepEqual(
    sends.map(({ step, index }) => [step, index]),
    [
      [0, 0],
      [1, 0],
    ],
  )
})

test('steps: $end stops the run, with its reason, even where the step swallows it', async () => {
  const ended = await runner.code({ one: `$end('nothing to do')`, two: `return 1` })
  assert.equal(ended.outcome.status, 'ended')
  assert.equal(ended.outcome.message, '$end: nothing to do')
  assert.deepEqual(
    ended.outcome.steps.map(({ status }) => status),
    ['ended', 'not_run'],
  )
  assert.equal(step(ended).error, null)

  const swallowed = await runner.code({ one: `try { $end() } catch {} return 1`, two: `return 1` })
  assert.equal(swallowed.outcome.message, '$end')
  const logged = await runner.code(`try { $end() } catch (error) { console.log(error) }`)
  assert.deepEqual(
    step(logged).logs.map(({ text }) => text),
    ['[$end: $end was called]'],
  )
  assert.deepEqual(
    swallowed.outcome.steps.map(({ status }) => status),
    ['ended', 'not_run'],
  )

  const fromTimer = await runner.code(
    `setTimeout(() => $end('later'), 5); await new Promise(() => {})`,
  )
  assert.equal(fromTimer.outcome.message, '$end: later')
})

test('[R57] steps: exports that JSON cannot hold are shown, and break nothing', async () => {
  const result = await runner.code(
    `this.big = 10n; const loop = {}; loop.loop = loop; this.loop = loop
     this.bad = { toJSON() { throw new Error('no') } }; this.date = new Date(0); this.none = undefined
     Object.defineProperty(this, 'getter', { enumerable: true, get() { throw new Error('hands off') } })`,
  )
  const { exports } = step(result)
  assert.equal(result.outcome.status, 'succeeded')
  assert.equal(exports['big'], '10')
  assert.match((exports['loop'] as { $error: string }).$error, /circular/)
  assert.match((exports['bad'] as { $error: string }).$error, /no/)
  assert.match((exports['getter'] as { $error: string }).$error, /hands off/)
  assert.equal(exports['date'], '1970-01-01T00:00:00.000Z')
  assert.equal('none' in exports, false)
})

test('steps: what JSON would drop or empty is shown as what it was, and later steps have it', async () => {
  const result = await runner.code({
    first: `this.error = new TypeError('boom'); this.map = new Map(); this.set = new Set()
      this.late = Promise.resolve(1); this.regexp = /x/; this.symbol = Symbol('s')
      this.told = Object.assign(new Error('x'), { toJSON: () => 'told' })
      return () => 3`,
    second: `return [steps.first.$return_value(), steps.first.error.message]`,
  })
  const not = (what: string) => ({ $error: `not JSON: ${what}` })
  assert.deepEqual(step(result).exports, {
    error: not('TypeError: boom'),
    map: not('a Map'),
    set: not('a Set'),
    late: not('a Promise that was not awaited'),
    regexp: not('a RegExp'),
    symbol: not('a symbol'),
    told: 'told',
    $return_value: not('a function'),
  })
  assert.deepEqual(step(result, 1).exports['$return_value'], [3, 'boom'])
})

test('[R56] steps: exports over 1 MiB are replaced by an error that names the limit', async () => {
  const result = await runner.code(
    `this.small = 1; this.huge = 'x'.repeat(2_000_000); this.after = 2`,
  )
  const { exports } = step(result)
  assert.match((exports['huge'] as { $error: string }).$error, /limited to 1 MiB/)
  assert.deepEqual([exports['small'], exports['after']], [1, 2])
})

test('[R58] steps: whatever is thrown is shown: null, a string, an object, a Proxy that throws', async () => {
  const messageOf = async (thrown: string): Promise<string | null> =>
    (await runner.code(`throw ${thrown}`)).outcome.message
  assert.equal(await messageOf('null'), 'EXCEPTION Error: null was thrown')
  assert.equal(await messageOf('undefined'), 'EXCEPTION Error: undefined was thrown')
  assert.equal(await messageOf(`'out of stock'`), 'EXCEPTION Error: out of stock')
  assert.equal(await messageOf(`{ code: 1 }`), 'EXCEPTION Error: { code: 1 } was thrown')
  assert.equal(await messageOf(`{ name: 'Custom', message: 'mine' }`), 'EXCEPTION Custom: mine')
  const trap = `new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 }, ownKeys() { throw 3 } })`
  assert.equal(await messageOf(trap), 'EXCEPTION Error: A Proxy was thrown')
  const getter = `Object.defineProperty(new Error('x'), 'message', { get() { throw 1 } })`
  assert.match((await messageOf(getter))!, /^EXCEPTION Error: /)
  assert.equal(await messageOf(`Object.assign(new Error('a'), { stack: 5 })`), 'EXCEPTION Error: a')
})

test('[R68] steps: an error has the line and column of the user’s own text', async () => {
  const errorOf = async (code: string): Promise<unknown> => {
    const { error } = step(await runner.code(code))
    return [error!.line, error!.column]
  }
  assert.deepEqual(await errorOf(`throw new Error('x')`), [1, 7])
  assert.deepEqual(await errorOf(`const a = 1\r\n\r\n  null.x`), [3, 8])
  assert.deepEqual(await errorOf(`function f() {\n    throw new Error('x')\n}\nf()`), [2, 11])
})

test('steps: a stack names steps and functions, and no path of the server', async () => {
  const { error } = step(
    await runner.code({ 'my step': `function inner() {\n JSON.parse('{') }\ninner()` }),
  )
  assert.match(error!.stack, /^SyntaxError: .*\n {4}at inner \(my step:2:7\)\n {4}at my step:3:1$/)
  const cause = step(await runner.code(`throw new Error('outer', { cause: new Error('inner') })`))
  assert.match(cause.error!.stack, /\[cause\]: Error: inner/)
})

test('steps: an error that is logged shows the frames that one that ends the step does', async () => {
  const source = `function inner() { throw Object.assign(new Error('bad', { cause: new RangeError('why') }), { code: 1 }) }
try { inner() } catch (error) { console.error(error); console.log(error.stack); console.log([error]) }
console.trace('here')
console.log('    at file:///sendoff:steps/nodejs.js is text')`
  const { logs } = step(await runner.code({ 'my step': source }))
  const frames = '    at inner (my step:1:40)\n    at my step:2:7'
  const causes = '      at inner (my step:1:66)\n      at my step:2:7'
  assert.deepEqual(
    logs.map(({ text }) => text),
    [
      `Error: bad\n${frames} {\n  code: 1,\n  [cause]: RangeError: why\n${causes}\n}`,
      `Error: bad\n${frames}`,
      `[\n${`Error: bad\n${frames} {\n  code: 1,\n  [cause]: RangeError: why\n${causes}\n}`.replaceAll(/^/gm, '  ')}\n]`,
      'Trace: here\n    at my step:3:9',
      '    at file:///sendoff:steps/nodejs.js is text',
    ],
  )
})

test('steps: console has Node’s levels and formats; groups and timers belong to the run', async () => {
  const { logs } = step(
    await runner.code(
      `console.info('%s=%d', 'a', 1); console.warn('w'); console.error(new Error('e').message)
       console.debug([1]); console.group('g'); console.log('in'); console.groupEnd(); console.log('out')
       console.count(); console.count(); console.table([{ a: 1 }]); console.assert(false, 'no')
       process.stdout.write('raw\\n'); process.stderr.write('err'); require('console').log('required')`,
    ),
  )
  const texts = logs.map(({ level, text }) => `${level} ${text}`)
  for (const expected of [
    'info a=1',
    'warn w',
    'error e',
    'debug [ 1 ]',
    'log g',
    'log   in',
    'log out',
    'log default: 1',
    'log default: 2',
    'warn Assertion failed: no',
    'log raw',
    'error err',
    'log required',
  ])
    assert.ok(texts.includes(expected), `${expected} in ${JSON.stringify(texts)}`)
  assert.ok(texts.some((text) => text.includes('│ (index) │ a │')))
  assert.ok(logs.every(({ at }, index) => at >= (logs[index - 1]?.at ?? 0)))
})

test('[R9] steps: process.env holds the account’s variables and nothing else', async () => {
  const job = jobOf(`process.env.ADDED = 'x'; return { ...process.env }`, { env: { KEY: 'value' } })
  const first = await runner.run(job)
  assert.deepEqual(step(first).exports['$return_value'], { KEY: 'value', ADDED: 'x' })
  const second = await runner.run({ ...job, env: { OTHER: '1' } })
  assert.deepEqual(step(second).exports['$return_value'], { OTHER: '1', ADDED: 'x' })
})

test('steps: $context is frozen through and through', async () => {
  assert.deepEqual(
    await returned(
      `try { 'use strict'; $context.id = 1 } catch (e) { return [e.name, $context.version] }`,
    ),
    ['TypeError', 1],
  )
})

test('steps: $respond leaves the step as it was at the call, once in a run', async () => {
  const custom = { response: 'custom' } as const
  const { response, outcome } = await runner.code(
    {
      first: `const body = { a: 1 }; $respond({ status: 201, headers: { 'X-A': ['1', '2'] }, body }); body.a = 2`,
      second: `$respond({})`,
    },
    custom,
  )
  assert.deepEqual(response, {
    status: 201,
    headers: [
      ['X-A', '1'],
      ['X-A', '2'],
      ['Content-Type', 'application/json'],
    ],
    body: new Uint8Array(Buffer.from('{"a":1}')),
    immediate: false,
  })
  assert.equal(
    outcome.message,
    'EXCEPTION Error: Cannot respond: $respond was called before, in step first, and works once',
  )
  const heard: unknown[] = []
  const onRespond = (given: object): void => void heard.push(given)
  const job = jobOf(`$respond({ body: 'now', immediate: true }); return 1`, {
    ...custom,
    onRespond,
  })
  await runner.run(job)
  assert.equal(heard.length, 1)
})

test('steps: where nobody waits, $respond says why under the step, and the run goes on', async () => {
  const said = async (over: Partial<RunJob>): Promise<string[]> => {
    const { outcome, response } = await runner.code(`$respond({ body: 'x' }); return 1`, over)
    assert.deepEqual([outcome.status, response], ['succeeded', undefined])
    return outcome.steps[0]!.logs.map(({ level, text }) => `${level} ${text}`)
  }
  const { context } = jobOf('')
  assert.deepEqual(await said({}), [
    'warn $respond has no effect: the workflow answers by itself, set its response to "custom"',
  ])
  const response = 'custom'
  assert.deepEqual(await said({ response, context: { ...context, test: true } }), [
    'warn $respond has no effect: a test has no request to answer',
  ])
  assert.deepEqual(await said({ response, context: { ...context, replay_of: 'evt_1' } }), [
    'warn $respond has no effect: a replay has no request to answer',
  ])
})

test('steps: a skipped send is recorded with its reason and keeps its place among the calls', async () => {
  const { outcome, sends } = await runner.code(
    `$send.http({ method: 'POST', url: 'https://example.com', data: undefined })
     $send.http({ method: 'POST', url: 'https://example.com', data: 1 })`,
  )
  assert.deepEqual(outcome.steps[0]!.skipped, [{ index: 0, reason: 'payload is undefined' }])
  assert.deepEqual(
    sends.map(({ index }) => index),
    [1],
  )
})

test('steps: a bad call throws a TypeError in the step, which may catch it', async () => {
  const caught = await returned(
    `try { $send.http({ method: 'POST', url: 'https://x.example', body: 1 }) } catch (e) { return [e.name, e.message] }`,
  )
  assert.equal((caught as string[])[0], 'TypeError')
  assert.match((caught as string[])[1]!, /data/)
})

test('steps: built-ins come by require and import; a package that is not there is said to be missing', async () => {
  assert.equal(
    await returned(
      `return require('node:path').join('a', 'b') + (await import('crypto')).randomUUID().length`,
    ),
    'a/b36',
  )
  const { outcome } = await runner.code(`await import('left-pad')`)
  assert.match(outcome.message!, /Cannot find package 'left-pad'/)
})

test('steps: a module that throws or does not parse fails its own step, not those before', async () => {
  const program = programOf('broken', { good: 'return 1', bad: 'return 2' })
  const broken = {
    ...program,
    steps: [program.steps[0]!, { ...program.steps[1]!, source: 'export default (' }],
  }
  const { outcome } = await runner.run({ ...jobOf(''), program: broken })
  assert.deepEqual(
    outcome.steps.map(({ status }) => status),
    ['succeeded', 'failed'],
  )
  assert.match(outcome.message!, /^EXCEPTION SyntaxError/)
})

test('steps: a step may be named after a member of Object', async () => {
  const result = await runner.code({
    __proto__2: 'return 1',
    constructor: 'return 2',
    toString: 'return steps.constructor.$return_value',
  })
  assert.equal(step(result, 2).exports['$return_value'], 2)
})

test('steps: the body of an event arrives byte for byte', async () => {
  const body = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256))
  const code = `return $event.proto.body_b64`
  const result = await runner.run(jobOf(code, { request: requestOf(body) }))
  assert.equal(step(result).exports['$return_value'], body.toString('base64'))
})

test('[R42] steps: a tampered platform harms its own run at most', async () => {
  const job = jobOf(
    `if ($event.body.n === 1) {
       Object.prototype.toJSON = () => 'evil'; Array.prototype.toJSON = () => 'evil'
       JSON.stringify = () => 'evil'; JSON.parse = () => 'evil'; Promise.prototype.then = () => {}
       globalThis.TextEncoder = null; performance.now = () => NaN; Math.round = () => NaN
     }
     $send.http({ method: 'POST', url: 'https://example.com', data: 'text' })
     console.log('still here'); this.x = 'kept'`,
  )
  const tampered = await runner.run(job)
  assert.deepEqual(
    step(tampered).logs.map(({ text }) => text),
    ['still here'],
  )
  assert.equal(tampered.sends.length, 1)
  assert.equal(tampered.outcome.status, 'succeeded')
  const other = await runner.code(`return JSON.stringify({})`)
  assert.equal(step(other).exports['$return_value'], '{}')
})
