/** Several runs in one process: each gets what is its own, and a dying process costs the innocent nothing. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RunResult } from '../../src/runner/runner.ts'
import { jobOf, requestOf, startRunner } from '../support/run-code.ts'
import type { TestRunner } from '../support/run-code.ts'

let runner: TestRunner
before(async () => (runner = await startRunner({ blanks: 2, processesPerProgram: 1 })))
after(() => runner.stop())

/** One run of the job per number, at once; `$event.body.n` tells them apart. */
function runAll(job: ReturnType<typeof jobOf>, numbers: readonly number[]): Promise<RunResult[]> {
  return Promise.all(
    numbers.map((n) =>
      runner.run({ ...job, request: requestOf(JSON.stringify({ n })), env: { N: String(n) } }),
    ),
  )
}

const TEN = Array.from({ length: 10 }, (_, index) => index)
const pause = `await new Promise((done) => setTimeout(done, Math.random() * 20))`

test('interleaving: logs, calls, exports, env and errors go to the run they belong to', async () => {
  const job = jobOf({
    one: `const { n } = $event.body
      console.log('start', n); ${pause}
      process.nextTick(() => console.log('tick', n)); setImmediate(() => console.log('immediate', n))
      queueMicrotask(() => console.log('micro', n)); await new Promise(setImmediate); ${pause}
      $send.http({ method: 'POST', url: 'https://example.com/' + n, data: n })
      this.env = process.env.N; this.pid = performance.timeOrigin; globalThis.together = Math.max(globalThis.together ?? 0, globalThis.now = (globalThis.now ?? 0) + 1)
      // However slow the machine: each waits for the others to come, for two seconds at most.
      for (let i = 0; i < 400 && globalThis.together < (n === 0 ? 1 : 4); i++) await new Promise((done) => setTimeout(done, 5))
      globalThis.now--; this.together = globalThis.together`,
    two: `${pause}; console.log('two', $event.body.n); if ($event.body.n % 2) throw new Error('odd ' + $event.body.n)`,
  })
  await runAll(job, [0]) // Warm, so that all ten meet in one process.
  const results = await runAll(job, TEN)
  for (const [n, { outcome, sends }] of results.entries()) {
    const texts = outcome.steps.flatMap(({ logs }) => logs.map(({ text }) => text))
    assert.deepEqual(
      texts,
      [`start ${n}`, `tick ${n}`, `micro ${n}`, `immediate ${n}`, `two ${n}`].sort(
        (a, b) => texts.indexOf(a) - texts.indexOf(b),
      ),
    )
    assert.equal(texts.length, 5)
    assert.deepEqual(
      sends.map(({ url }) => url),
      [`https://example.com/${n}`],
    )
    assert.equal(outcome.steps[0]!.exports['env'], String(n))
    assert.equal(outcome.message, n % 2 ? `EXCEPTION Error: odd ${n}` : null)
  }
  assert.equal(new Set(results.map(({ outcome }) => outcome.steps[0]!.exports['pid'])).size, 1)
  const together = Math.max(
    ...results.map(({ outcome }) => Number(outcome.steps[0]!.exports['together'])),
  )
  assert.ok(together > 3, `only ${together} ran at once`)
})

test('[R59] [R60] interleaving: stray rejections and errors of timers fail their own run', async () => {
  const job = jobOf(
    `const { n } = $event.body; ${pause}
     if (n === 3) Promise.reject(new Error('stray 3'))
     if (n === 4) setTimeout(() => { throw new Error('timer 4') }, 1)
     if (n === 5) queueMicrotask(() => { throw null })
     if (n === 6) new (require('node:events'))().emit('error', new Error('emitted 6'))
     await new Promise((done) => setTimeout(done, 60)); return n`,
  )
  const results = await runAll(job, TEN)
  const messages = results.map(({ outcome }) => outcome.message)
  assert.deepEqual(messages, [
    null,
    null,
    null,
    'EXCEPTION Error: stray 3',
    'EXCEPTION Error: timer 4',
    'EXCEPTION Error: null was thrown',
    'EXCEPTION Error: emitted 6',
    null,
    null,
    null,
  ])
  assert.deepEqual(
    [results[3]!, results[4]!].map(({ outcome }) => outcome.steps[0]!.error!.line),
    [2, 3],
  )
})

test('interleaving: one that waits for ever is timed out alone; its neighbours run again and succeed', async () => {
  const job = jobOf(
    `if ($event.body.n === 7) await new Promise(() => {})
     $send.http({ method: 'GET', url: 'https://example.com' })
     await new Promise((done) => setTimeout(done, 1_000)); return performance.timeOrigin`,
  )
  const neighbours = runAll(job, [1, 2, 3])
  const [culprit] = await runAll({ ...job, timeoutMs: 500 }, [7])
  assert.equal(culprit!.outcome.status, 'timed_out')
  const results = await neighbours
  assert.deepEqual(
    results.map(({ outcome, sends }) => [outcome.status, sends.length]),
    [
      ['succeeded', 1],
      ['succeeded', 1],
      ['succeeded', 1],
    ],
  )
  // They ran again, each in a process of its own.
  assert.equal(
    new Set(results.map(({ outcome }) => outcome.steps[0]!.exports['$return_value'])).size,
    3,
  )
})

test('interleaving: where a loop hides who is to blame, each runs again alone, and only the guilty fails', async () => {
  const job = jobOf(
    `const { n } = $event.body
     await new Promise((done) => setTimeout(done, 50))
     if (n === 2) for (;;);
     await new Promise((done) => setTimeout(done, 100)); return n`,
    { timeoutMs: 1_200 },
  )
  const results = await runAll(job, [0, 1, 2, 3])
  assert.deepEqual(
    results.map(({ outcome }) => outcome.status),
    ['succeeded', 'succeeded', 'timed_out', 'succeeded'],
  )
})

test('interleaving: a memory bomb takes only itself', async () => {
  const job = jobOf(
    `const { n } = $event.body; const all = []
     for (let i = 0; n === 1 || i < 400; i++) { if (n === 1) all.push(Buffer.alloc(1e6, 1)); await new Promise(setImmediate) }
     await new Promise((done) => setTimeout(done, 150)); return n`,
  )
  const results = await runAll(job, [0, 1, 2])
  assert.deepEqual(
    results.map(({ outcome }) => outcome.status),
    ['succeeded', 'failed', 'succeeded'],
  )
  assert.match(results[1]!.outcome.message!, /memory limit/)
})
