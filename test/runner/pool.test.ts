/** Which process a run goes to: warm ones are shared, never across programs or accounts, and bounded. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { probeIsolation } from '../../src/runner/isolation.ts'
import type { Isolation } from '../../src/runner/isolation.ts'
import type { RunJob, RunResult } from '../../src/runner/runner.ts'
import { jobOf, startRunner } from '../support/run-code.ts'
import type { TestRunner } from '../support/run-code.ts'
import type { RunnerOptions } from '../../src/runner/create-runner.ts'
import { until } from '../support/until.ts'

const value = ({ outcome }: RunResult): unknown => outcome.steps[0]!.exports['$return_value']
const PID = `return process.pid`
const isAlive = (pid: unknown): boolean => {
  try {
    process.kill(Number(pid), 0)
    return true
  } catch {
    return false
  }
}

const BACKLOG = 300

/** A test with a runner of its own. */
function testRunner(
  name: string,
  options: RunnerOptions,
  body: (runner: TestRunner) => Promise<void>,
) {
  test(name, async () => {
    const runner = await startRunner(options)
    try {
      await body(runner)
    } finally {
      await runner.stop()
    }
  })
}

const pidOf = async (runner: TestRunner, job: RunJob): Promise<unknown> =>
  value(await runner.run(job))

testRunner(
  'pool: runs of a program share its process; accounts, programs and memory limits do not',
  {},
  async (runner) => {
    const job = jobOf(PID)
    const first = await pidOf(runner, job)
    assert.equal(await pidOf(runner, job), first)
    const others = [
      await pidOf(runner, { ...job, accountId: 2 }),
      await pidOf(runner, jobOf(PID)),
      await pidOf(runner, { ...job, memoryMb: 96 }),
      await pidOf(runner, { ...job, isolation: 'run' }),
    ]
    assert.equal(new Set([first, ...others]).size, 5)
    assert.equal(await pidOf(runner, job), first)
  },
)

testRunner(
  '[R64] [250] pool: what a run does to its globals is seen by its own program only',
  {},
  async (runner) => {
    const job = jobOf(
      `Object.prototype.polluted = (Object.prototype.polluted ?? 0) + 1; return ({}).polluted`,
    )
    assert.equal(value(await runner.run(job)), 1)
    assert.equal(value(await runner.run(job)), 2)
    assert.equal(value(await runner.run(jobOf(`return ({}).polluted ?? 'clean'`))), 'clean')
  },
)

testRunner(
  '[R65] [250] pool: isolation per run hides it even from the same program; the process is gone after',
  {},
  async (runner) => {
    const job = jobOf(
      `globalThis.count = (globalThis.count ?? 0) + 1; this.pid = process.pid; return globalThis.count`,
      { isolation: 'run' },
    )
    const results = [
      await runner.run(job),
      await runner.run(job),
      ...(await Promise.all([runner.run(job), runner.run(job)])),
    ]
    assert.deepEqual(results.map(value), [1, 1, 1, 1])
    const pids = results.map(({ outcome }) => outcome.steps[0]!.exports['pid'])
    assert.equal(new Set(pids).size, 4)
    await until(() => !pids.some(isAlive))
  },
)

testRunner(
  'pool: runs that queue behind a busy process get another one',
  { processesPerProgram: 2 },
  async (runner) => {
    const job = jobOf(`const end = Date.now() + 100; while (Date.now() < end); return process.pid`)
    const pids = new Set<unknown>()
    // However long the other one takes to start: there is work until it has done some.
    const queues = [1, 2, 3].map(async () => {
      while (pids.size < 2) pids.add(await pidOf(runner, job))
    })
    await Promise.all(queues)
    assert.equal(pids.size, 2)
  },
)

testRunner(
  'pool: processes of a program are bounded',
  { processesPerProgram: 2 },
  async (runner) => {
    const job = jobOf(`await new Promise((done) => setTimeout(done, 80)); return process.pid`)
    const results = await Promise.all(Array.from({ length: 80 }, () => runner.run(job)))
    assert.ok(new Set(results.map(value)).size <= 2)
  },
)

testRunner(
  'pool: the longest idle process makes way for another program',
  { processes: 2, blanks: 0 },
  async (runner) => {
    const [a, b, c] = [jobOf(PID), jobOf(PID), jobOf(PID)]
    const [pidA, pidB] = [await pidOf(runner, a), await pidOf(runner, b)]
    await pidOf(runner, c)
    assert.equal(isAlive(pidA), false)
    assert.equal(await pidOf(runner, b), pidB)
  },
)

testRunner(
  'pool: a program that floods does not keep another one out',
  { processes: 2, processesPerProgram: 2, blanks: 0 },
  async (runner) => {
    const flood = jobOf(`const end = Date.now() + 60; while (Date.now() < end); return process.pid`)
    const flooding = new AbortController()
    const flooded = new Set<unknown>()
    let served = 0
    const floods = Array.from({ length: 8 }, async () => {
      while (!flooding.signal.aborted) {
        flooded.add(await pidOf(runner, flood))
        served++
      }
    })
    await until(() => flooded.size === 2)
    const before = served
    assert.equal((await runner.run(jobOf(`return 1`))).outcome.status, 'succeeded')
    assert.ok(served - before < 100, `${served - before} runs of the flood came first`)
    flooding.abort()
    await Promise.all(floods)
  },
)

testRunner(
  'pool: with fewer places than programs that keep coming, each gets its turn',
  { processes: 3, blanks: 0 },
  async (runner) => {
    const served = new Map<number, number>()
    const programs = Array.from({ length: 9 }, () =>
      jobOf(`await new Promise((done) => setTimeout(done, 5)); return process.pid`),
    )
    const over = new AbortController()
    const flows = programs.map(async (job, i) => {
      while (!over.signal.aborted) {
        assert.equal((await runner.run(job)).outcome.status, 'succeeded')
        served.set(i, (served.get(i) ?? 0) + 1)
      }
    })
    await until(() => served.size === programs.length, 60_000)
    over.abort()
    await Promise.all(flows)
  },
)

testRunner(
  'pool: an account with many programs in line does not keep another one waiting behind them',
  { processes: 2, blanks: 0 },
  async (runner) => {
    const slow = `await new Promise((done) => setTimeout(done, 50)); return 1`
    const order: number[] = []
    const run = async (accountId: number): Promise<void> => {
      await runner.run({ ...jobOf(slow), accountId })
      order.push(accountId)
    }
    await Promise.all([...Array.from({ length: 8 }, () => run(1)), run(2)])
    assert.ok(order.indexOf(2) <= 3, order.join())
  },
)

testRunner(
  'pool: a backlog that burns CPU does not hold up the first run of another program',
  { blanks: 2 },
  async (runner) => {
    let served = 0
    const burning = jobOf(`const end = Date.now() + 30; while (Date.now() < end);`)
    const backlog = Array.from({ length: BACKLOG }, async () => {
      for (;;) {
        await runner.run(burning)
        served++
      }
    })
    const stopped = Promise.allSettled(backlog)
    await until(() => served > 5)
    for (let i = 0; i < 2; i++) {
      const before = served
      await runner.run(jobOf(`return 1`))
      assert.ok(served - before < BACKLOG / 2, `${served - before} runs of the backlog came first`)
    }
    await runner.stop()
    await stopped
  },
)

const retirements: Record<string, [RunnerOptions, string]> = {
  'so many runs': [{ runsPerProcess: 3 }, `return process.pid`],
  'so long a time': [
    { ageMs: 1_000 },
    `await new Promise((done) => setTimeout(done, 150)); return process.pid`,
  ],
  'an error after the end of its run': [
    {},
    `if ((globalThis.n = (globalThis.n ?? 0) + 1) === 3) setTimeout(() => { throw new Error('late') }, 10); await new Promise((done) => setTimeout(done, 30)); return process.pid`,
  ],
}

for (const [after, [options, code]] of Object.entries(retirements)) {
  testRunner(`pool: after ${after} a process is replaced`, options, async (runner) => {
    const job = jobOf(code)
    const pids: unknown[] = []
    await until(async () => {
      pids.push(await pidOf(runner, job))
      return new Set(pids).size > 1
    })
    await until(() => !isAlive(pids[0]))
  })
}

testRunner(
  'pool: when a newer version runs, the idle process of the one before goes',
  {},
  async (runner) => {
    const versionOf = (version: number): RunJob => {
      const job = jobOf(PID)
      return { ...job, context: { ...job.context, workflow_id: 'wf_versions', version } }
    }
    const before = await pidOf(runner, versionOf(1))
    const other = await pidOf(runner, jobOf(PID))
    const now = await pidOf(runner, versionOf(2))
    await until(() => !isAlive(before))
    assert.deepEqual([isAlive(other), isAlive(now)], [true, true])
  },
)

/** The first `count` processes that are launched start, and say nothing. */
async function dumbAtFirst(count: number): Promise<Isolation> {
  const isolation = await probeIsolation('process')
  let launches = 0
  return {
    ...isolation,
    launch(memoryMb, packages) {
      const launch = isolation.launch(memoryMb, packages)
      if (launches++ >= count) return launch
      return { ...launch, command: process.execPath, args: ['-e', 'setInterval(() => {}, 1e6)'] }
    },
  }
}

test('pool: a process that never starts is replaced, and the run that waits for it runs', async () => {
  const bounds = { bootMs: 3_000 }
  const runner = await startRunner({ isolation: await dumbAtFirst(1), blanks: 1, bounds })
  try {
    assert.equal(value(await runner.code('return 1')), 1)
  } finally {
    await runner.stop()
  }
})

test('pool: where no process ever starts, a run is refused rather than kept waiting', async () => {
  const bounds = { bootMs: 100 }
  const runner = await startRunner({ isolation: await dumbAtFirst(Infinity), bounds })
  try {
    await assert.rejects(runner.code('return 1'), /the runner is full/)
  } finally {
    await runner.stop()
  }
})

testRunner('pool: an idle process ends after its time', { idleMs: 100 }, async (runner) => {
  const pid = await pidOf(runner, jobOf(PID))
  assert.equal(isAlive(pid), true)
  await until(() => !isAlive(pid))
})

testRunner('pool: a process that keeps much memory is not kept', {}, async (runner) => {
  const job = jobOf(`globalThis.kept = Buffer.alloc(110e6, 1); return process.pid`)
  const pid = await pidOf(runner, job)
  await until(() => !isAlive(pid))
  assert.equal((await runner.run(jobOf(PID))).outcome.status, 'succeeded')
})

test('pool: stopping ends every process and refuses what is under way', async () => {
  const runner = await startRunner()
  const pid = await pidOf(runner, jobOf(PID))
  const running = runner.code(`await new Promise(() => {})`)
  const refused = assert.rejects(running, /the server is stopping/)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await runner.stop()
  await refused
  assert.equal(isAlive(pid), false)
  await assert.rejects(runner.code(`return 1`), /the server is stopping/)
  await runner.stop()
})

for (const [name, rest] of [
  ['that waits', 'await new Promise(() => {})'],
  ['that never gives way', 'for (;;);'],
] as const) {
  test(`[R74] pool: when the server is killed, a guest ${name} ends with it`, async () => {
    const script = `
      import { startRunner } from ${JSON.stringify(fileURLToPath(import.meta.resolve('../support/run-code.ts')))}
      const tunnel = async ({ port }) => { console.log(port); throw new Error('told') }
      const runner = await startRunner({ blanks: 0, tunnel })
      await runner.code(\`require('net').connect(process.pid, 'x').on('error', () => {}); await new Promise((done) => setTimeout(done, 100)); ${rest}\`)`
    const server = spawn(
      process.execPath,
      ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const [chunk] = (await once(server.stdout, 'data')) as [Buffer]
    const pid = Number(String(chunk))
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal(isAlive(pid), true)
    server.kill('SIGKILL')
    await until(() => !isAlive(pid))
  })
}
