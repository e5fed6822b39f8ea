/** Code that never ends, or takes too much: what it did before stands, and its neighbours are unharmed. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RunOutcome } from '../../src/model/run.ts'
import { runBounds } from '../../src/runner/run-bounds.ts'
import { jobOf, requestOf, startRunner } from '../support/run-code.ts'
import type { TestRunner } from '../support/run-code.ts'

let runner: TestRunner
before(async () => (runner = await startRunner({ blanks: 2 })))
after(() => runner.stop())

const LIMIT_MS = 400
const statuses = ({ steps }: RunOutcome): string[] => steps.map(({ status }) => status)

const ENDLESS = {
  '[R43] a synchronous loop': `for (;;);`,
  '[R44] a loop of microtasks': `for (;;) await null`,
  '[R45] redos': `/^(a+)+$/.test('a'.repeat(40) + 'b')`,
  '[R46] Atomics.wait': `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`,
  '[R47] a promise that never settles': `await new Promise(() => {})`,
}

for (const [name, code] of Object.entries(ENDLESS)) {
  test(`limits: ${name} times out; what came before is kept and delivered`, async () => {
    const steps = {
      first: `this.kept = 1; console.log('one')`,
      second: `console.log('two'); $send.http({ method: 'GET', url: 'https://example.com' }); ${code}`,
      third: `return 1`,
    }
    const { outcome, sends } = await runner.code(steps, { timeoutMs: LIMIT_MS })
    assert.equal(outcome.status, 'timed_out')
    assert.equal(outcome.message, `TIMEOUT after ${LIMIT_MS} ms`)
    assert.deepEqual(statuses(outcome), ['succeeded', 'timed_out', 'not_run'])
    const { name: kind, message } = outcome.steps[1]!.error!
    assert.equal(
      `${kind}: ${message}`,
      `Timeout: The run went over its time limit of ${LIMIT_MS} ms`,
    )
    assert.deepEqual(outcome.steps[0]!.exports, { kept: 1 })
    assert.deepEqual(
      outcome.steps.map(({ logs }) => logs.length),
      [1, 1, 0],
    )
    assert.equal(sends.length, 1)
    assert.ok(
      outcome.durationMs >= LIMIT_MS && outcome.durationMs < LIMIT_MS + 2_000,
      `${outcome.durationMs}`,
    )
  })
}

const BOMBS = {
  '[R48] of the heap': `const all = []; for (;;) all.push(new Array(1000).fill({}).map(() => ({})))`,
  '[R49] of buffers': `const all = []; for (;;) { all.push(Buffer.alloc(1e6, 1)); await new Promise(setImmediate) }`,
  '[R49] of buffers, never giving way': `const all = []; for (;;) all.push(Buffer.alloc(1e6, 1))`,
  '[R50] of WebAssembly': `const all = []; for (;;) { const m = new WebAssembly.Memory({ initial: 160 }); new Uint8Array(m.buffer).fill(1); all.push(m); await null }`,
  '[R51] of gzip': `const zlib = require('node:zlib'); let bomb = Buffer.alloc(5e8); const small = zlib.gzipSync(Buffer.alloc(3e8)); const all = []; for (;;) all.push(zlib.gunzipSync(small))`,
}

for (const [name, code] of Object.entries(BOMBS)) {
  test(`limits: a memory bomb ${name} fails with the limit named`, async () => {
    const { outcome } = await runner.code({ one: `return 1`, two: code })
    assert.equal(outcome.status, 'failed')
    assert.match(
      outcome.message!,
      /^EXCEPTION OutOfMemory: The run went over its memory limit of 128 MiB: (its heap was full|with Buffers and WebAssembly it held \d+ MiB)$/,
    )
    assert.equal(outcome.steps[1]!.error!.name, 'OutOfMemory')
    assert.deepEqual(statuses(outcome), ['succeeded', 'failed'])
  })
}

test('limits: memory is settable per workflow', async () => {
  const hold = (ms: number): string =>
    `const all = []; for (let i = 0; i < 200; i++) all.push(Buffer.alloc(1e6, 1)); await new Promise((r) => setTimeout(r, ${ms})); return all.length`
  const small = await runner.code(hold(15_000), { memoryMb: 64 })
  assert.match(small.outcome.message!, /memory limit of 64 MiB/)
  const large = await runner.code(hold(400), { memoryMb: 256 })
  assert.equal(large.outcome.status, 'succeeded')
})

test('[R54] limits: logs end at 256 KiB with an entry that says so', async () => {
  const { outcome } = await runner.code(`for (let i = 0; i < 100_000; i++) console.log('line', i)`)
  const { logs } = outcome.steps[0]!
  assert.equal(outcome.status, 'succeeded')
  assert.match(logs.at(-1)!.text, /log limit: a run may log 256 KiB/)
  assert.ok(logs.reduce((sum, { text }) => sum + text.length, 0) <= 256 * 1024 + 200)
  assert.ok(logs.length > 1_000)
  const long = await runner.code(`console.log('x'.repeat(1e6)); console.log('after')`)
  assert.deepEqual(
    long.outcome.steps[0]!.logs.map(({ text }) => text.slice(0, 9)),
    ['log limit'],
  )
})

test('[R53] limits: a flood of raw output is stopped, and a little of it does no harm', async () => {
  const flood = await runner.code(
    `const fs = require('node:fs'); for (;;) { try { fs.writeSync(1, 'x'.repeat(65536)) } catch {} }`,
  )
  assert.match(flood.outcome.message!, /16 MiB to its standard output/)
  const little = await runner.code(`require('node:fs').writeSync(2, 'hello'); return 1`)
  assert.equal(little.outcome.status, 'succeeded')
})

test('[R55] [91] limits: 1,000 calls are sent; the next one throws and names the limit', async () => {
  const call = `$send.http({ method: 'GET', url: 'https://example.com' })`
  const allowed = await runner.code(`for (let i = 0; i < 1000; i++) ${call}`)
  assert.equal(allowed.outcome.status, 'succeeded')
  assert.equal(allowed.sends.length, 1_000)
  const over = await runner.code(`for (let i = 0; i < 1001; i++) ${call}`)
  assert.match(over.outcome.message!, /a run may call \$send\.http 1,000 times/)
  assert.equal(over.sends.length, 1_000)
})

test('limits: 16 MiB of data are sent; the call that is over throws and names the limit', async () => {
  const { outcome, sends } = await runner.code(
    `const data = Buffer.alloc(4 * 1024 * 1024)
     for (let i = 0; i < 5; i++) $send.http({ method: 'POST', url: 'https://example.com', data })`,
  )
  assert.match(outcome.message!, /a run may send 16 MiB of data/)
  assert.equal(sends.length, 4)
  assert.ok(sends.every(({ body }) => body!.length === 4 * 1024 * 1024))
})

test('[R61] limits: a step cannot end the process; it fails, and steps before it stand', async () => {
  for (const code of [
    `process.exit(0)`,
    `process.abort()`,
    `process.reallyExit(1)`,
    `require('process').exit()`,
  ]) {
    const { outcome } = await runner.code({ one: `return 1`, two: code })
    assert.match(
      outcome.message!,
      /^EXCEPTION Error: Cannot call process\.\w+: it is not available in a step/,
    )
    assert.deepEqual(statuses(outcome), ['succeeded', 'failed'])
  }
})

test('limits: a process that dies of itself fails the step under way, and says how', async () => {
  const { outcome } = await runner.code(
    { one: `return 1`, two: `require('node:fs').closeSync(3); await new Promise(() => {})` },
    { timeoutMs: 500 },
  )
  assert.deepEqual(statuses(outcome)[0], 'succeeded')
  assert.notEqual(outcome.status, 'succeeded')
})

test('[R52] limits: a full thread pool of one program does not hold up another', async () => {
  const hog = runner.code(
    `const { pbkdf2 } = require('node:crypto'); await Promise.all(Array.from({ length: 8 }, () => new Promise((done) => pbkdf2('a', 'b', 3e7, 64, 'sha512', done))))`,
    { timeoutMs: 1_500 },
  )
  const other = await runner.run(
    jobOf(`await require('node:fs/promises').stat('/').catch(() => {}); return 1`),
  )
  assert.equal(other.outcome.status, 'succeeded')
  assert.ok(other.outcome.durationMs < 2_000)
  assert.equal((await hog).outcome.status, 'timed_out')
})

test('[249] limits: CPU time is limited, threads and all; what came before and neighbours stand', async () => {
  const small = await startRunner({ processesPerProgram: 1, bounds: { cpuMs: () => 400 } })
  const burns = {
    'one thread': `for (;;);`,
    'the thread pool': `const { pbkdf2 } = require('node:crypto'); await Promise.all(Array.from({ length: 8 }, () => new Promise((done) => pbkdf2('a', 'b', 3e7, 64, 'sha512', done))))`,
  }
  for (const burn of Object.values(burns)) {
    const { outcome, sends } = await small.code({
      one: `$send.http({ method: 'GET', url: 'https://example.com' })`,
      two: burn,
    })
    assert.equal(outcome.status, 'timed_out')
    assert.equal(outcome.message, 'TIMEOUT after 400 ms of CPU time')
    assert.deepEqual(statuses(outcome), ['succeeded', 'timed_out'])
    assert.equal(
      outcome.steps[1]!.error!.message,
      'The run went over its time limit of 400 ms of CPU time',
    )
    assert.equal(sends.length, 1)
  }
  const job = jobOf(
    `await new Promise((done) => setTimeout(done, 300)); if ($event.body.n === 1) for (;;); return 1`,
  )
  const [guilty, innocent] = await Promise.all(
    [1, 2].map((n) => small.run({ ...job, request: requestOf(JSON.stringify({ n })) })),
  )
  assert.equal(guilty!.outcome.status, 'timed_out')
  assert.equal(innocent!.outcome.message, null)
  await small.stop()
})

test('limits: the bound of CPU time follows the time a run may take', () => {
  assert.deepEqual([1_000, 30_000, 300_000].map(runBounds.cpuMs), [20_000, 20_000, 200_000])
})

const DENIED = {
  'a process': `require('node:child_process').execSync('id')`,
  'a thread': `new (require('node:worker_threads').Worker)('1', { eval: true })`,
}

for (const [what, code] of Object.entries(DENIED)) {
  test(`limits: a step that starts ${what} fails, and is told that it may not`, async () => {
    const { outcome } = await runner.code({ one: `return 1`, two: code })
    assert.deepEqual(statuses(outcome), ['succeeded', 'failed'])
    assert.match(
      outcome.message!,
      new RegExp(`^EXCEPTION Error: Cannot start ${what}: a run has one`),
    )
  })
}
