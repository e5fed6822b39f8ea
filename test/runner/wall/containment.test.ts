/**
 * Code that takes too much, at level `strict`: the same ends as at level `process` (limits.test.ts), though
 * another process stands between it and the server. What it took is given back, and its neighbours are
 * unharmed.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { RunOutcome } from '../../../src/model/run.ts'
import { jobOf, startRunner } from '../../support/run-code.ts'
import type { TestRunner } from '../../support/run-code.ts'
import { until } from '../../support/until.ts'
import { lacks, wallOf } from '../../support/walls.ts'

const LIMIT_MS = 500
const statuses = ({ steps }: RunOutcome): string[] => steps.map(({ status }) => status)

/** Node in a sandbox, by the path that it has nowhere else. */
const isGuest = (pid: string): boolean => fileOf(pid, 'cmdline').startsWith('/node\0')

/** Guests that a process started, directly or not. */
const guestsOf = (server: number): readonly string[] =>
  readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && isGuest(pid) && descends(pid, String(server)),
  )

function descends(pid: string, from: string): boolean {
  const parent = /^PPid:\s+(\d+)/m.exec(fileOf(pid, 'status'))?.[1] ?? '0'
  return parent === from || (Number(parent) > 1 && descends(parent, from))
}

function fileOf(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

describe('containment at level strict', { skip: lacks('strict') }, () => {
  let runner: TestRunner
  before(async () => {
    runner = await startRunner({ isolation: await wallOf('strict'), blanks: 1 })
  })
  after(async () => {
    await runner.stop()
    await until(() => guestsOf(process.pid).length === 0)
  })

  const ENDLESS = {
    '[R43] a synchronous loop': `for (;;);`,
    '[R44] a loop of microtasks': `const again = () => queueMicrotask(again); again(); await new Promise(() => {})`,
    '[R44] a loop of ticks': `const again = () => process.nextTick(again); again(); await new Promise(() => {})`,
    '[R45] redos': `/^(a+)+$/.test('a'.repeat(40) + 'b')`,
    '[R46] Atomics.wait': `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`,
    '[R47] a promise that never settles': `await new Promise(() => {})`,
    'a loop that catches all': `for (;;) try { for (;;); } catch {} finally { continue }`,
    'a closed line': `require('node:fs').closeSync(3); for (;;);`,
  }
  for (const [name, code] of Object.entries(ENDLESS)) {
    test(`containment: strict: ${name} times out; what came before is kept, nothing is left`, async () => {
      const one = `$send.http({ method: 'GET', url: 'https://example.com' }); return 1`
      const { outcome, sends } = await runner.code(
        { one, two: code, three: `` },
        { timeoutMs: LIMIT_MS, isolation: 'run' },
      )
      assert.equal(outcome.message, `TIMEOUT after ${LIMIT_MS} ms`)
      assert.deepEqual(statuses(outcome), ['succeeded', 'timed_out', 'not_run'])
      assert.equal(sends.length, 1)
    })
  }

  const BOMBS = {
    '[R48] of the heap': `const all = []; for (;;) all.push(new Array(1000).fill({}).map(() => ({})))`,
    '[R49] of buffers': `const all = []; for (;;) { all.push(Buffer.alloc(1e6, 1)); await new Promise(setImmediate) }`,
    '[R49] of buffers, never giving way': `const all = []; for (;;) all.push(Buffer.alloc(1e6, 1))`,
    '[R49] of buffers that nobody touches': `const all = []; for (;;) all.push(Buffer.allocUnsafeSlow(64e6))`,
    '[R50] of WebAssembly': `const all = []; for (;;) { const m = new WebAssembly.Memory({ initial: 160 }); new Uint8Array(m.buffer).fill(1); all.push(m) }`,
    '[R51] of gzip': `const zlib = require('node:zlib'); const small = zlib.gzipSync(Buffer.alloc(5e7)); const all = []; for (;;) all.push(zlib.gunzipSync(small))`,
  }
  for (const [name, code] of Object.entries(BOMBS)) {
    test(`containment: strict: a memory bomb ${name} fails with the limit named`, async () => {
      const { outcome } = await runner.code({ one: `return 1`, two: code })
      assert.match(
        outcome.message!,
        /^EXCEPTION OutOfMemory: The run went over its memory limit of 128 MiB: /,
      )
      assert.deepEqual(statuses(outcome), ['succeeded', 'failed'])
    })
  }

  test('containment: strict: memory that the workflow was given can be used', async () => {
    const { outcome } = await runner.code(
      `const all = []; for (let i = 0; i < 150; i++) all.push(Buffer.alloc(1e6, 1)); await new Promise((r) => setTimeout(r, 400)); return all.length`,
      { memoryMb: 256 },
    )
    assert.equal(outcome.message, null)
  })

  test('[R52] containment: strict: a full thread pool holds nobody else up', async () => {
    const hog = runner.code(
      `const { pbkdf2 } = require('node:crypto'); await Promise.all(Array.from({ length: 8 }, () => new Promise((done) => pbkdf2('a', 'b', 3e7, 64, 'sha512', done))))`,
      { timeoutMs: 1_500 },
    )
    const other = await runner.code(`await require('node:fs/promises').stat('/').catch(() => {})`)
    assert.equal(other.outcome.status, 'succeeded')
    assert.equal((await hog).outcome.status, 'timed_out')
  })

  test('[R53] containment: strict: a flood of raw output is stopped', async () => {
    const { outcome } = await runner.code(
      `const fs = require('node:fs'); for (;;) { try { fs.writeSync(1, 'x'.repeat(65536)) } catch {} }`,
    )
    assert.match(outcome.message!, /16 MiB to its standard output/)
  })

  test('[R54] [R55] [R56] containment: strict: logs, sends and exports end at their limits', async () => {
    const logs = await runner.code(`for (let i = 0; i < 20_000; i++) console.log('line', i)`)
    assert.match(logs.outcome.steps[0]!.logs.at(-1)!.text, /log limit/)
    const sends = await runner.code(
      `for (let i = 0; i < 1001; i++) $send.http({ method: 'GET', url: 'https://example.com' })`,
    )
    assert.match(sends.outcome.message!, /1,000 times/)
    const exports = await runner.code(`return 'x'.repeat(2e6)`)
    assert.ok(JSON.stringify(exports.outcome.steps[0]!.exports).length < 1e6)
  })

  test('[R41] containment: strict: a run that closes the line ends by its time limit at the latest', async () => {
    const { outcome } = await runner.code(
      { one: `return 1`, two: `require('node:fs').closeSync(3); await new Promise(() => {})` },
      { timeoutMs: LIMIT_MS },
    )
    assert.deepEqual(statuses(outcome)[0], 'succeeded')
    assert.notEqual(outcome.status, 'succeeded')
  })

  test('[R74] containment: strict: when the server is killed, its guests end with it', async () => {
    const walls = fileURLToPath(import.meta.resolve('../../support/walls.ts'))
    const runs = fileURLToPath(import.meta.resolve('../../support/run-code.ts'))
    const script = `
      import { startRunner } from ${JSON.stringify(runs)}
      import { wallOf } from ${JSON.stringify(walls)}
      const tunnel = async () => { console.log('running'); throw new Error('told') }
      const runner = await startRunner({ blanks: 1, tunnel, isolation: await wallOf('strict') })
      await runner.code("require('net').connect(1, 'x').on('error', () => {}); await new Promise((done) => setTimeout(done, 100)); for (;;);")`
    const server = spawn(
      process.execPath,
      ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await once(server.stdout, 'data')
    const alive = guestsOf(server.pid!)
    assert.ok(alive.length >= 1, 'a guest runs')
    server.kill('SIGKILL')
    await until(() => alive.every((pid) => !isGuest(pid)))
  })

  test('[R61] containment: strict: a step that ends the process fails; the steps before it stand', async () => {
    for (const end of [`process.exit(0)`, `process.abort()`, `process.reallyExit(1)`]) {
      const { outcome } = await runner.code({ one: `return 1`, two: end })
      assert.match(outcome.message!, /^EXCEPTION Error: Cannot call process\.\w+/)
      assert.deepEqual(statuses(outcome), ['succeeded', 'failed'])
    }
  })

  test('[R65] containment: strict: isolation per run hides what a run did from the next one', async () => {
    const job = jobOf(
      `const seen = globalThis.seen ?? 0; globalThis.seen = seen + 1; return seen`,
      {
        isolation: 'run',
      },
    )
    const seen = [await runner.run(job), await runner.run(job)]
    assert.deepEqual(
      seen.map(({ outcome }) => outcome.steps[0]!.exports['$return_value']),
      [0, 0],
    )
  })

  test('[R64] containment: strict: what one workflow does to the globals no other sees', async () => {
    await runner.run(jobOf(`Array.prototype.evil = 1; globalThis.evil = 1; return 1`))
    const { outcome } = await runner.code(
      `return { array: [].evil ?? null, global: globalThis.evil ?? null }`,
    )
    assert.deepEqual(outcome.steps[0]!.exports['$return_value'], { array: null, global: null })
  })
})
