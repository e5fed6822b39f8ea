/** Code that outlives its run: what it does is reported on that run, and never on another. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { jobOf, startRunner } from '../support/run-code.ts'
import type { TestRunner } from '../support/run-code.ts'
import { until } from '../support/until.ts'

let runner: TestRunner
before(async () => (runner = await startRunner({ processesPerProgram: 1 })))
after(() => runner.stop())

const lateOf = (eventId: string): string[] =>
  runner.late
    .filter((report) => report.eventId === eventId)
    .map(({ entry }) => `${entry.level} ${entry.text}`)
const pidOf = async (job: ReturnType<typeof jobOf>): Promise<unknown> =>
  (await runner.run(job)).outcome.steps[0]!.exports['pid']

test('[254] late: a call of $send.http after the end throws, and is reported as an error', async () => {
  const { outcome, sends } = await runner.code(
    `setTimeout(() => { try { $send.http({ method: 'GET', url: 'https://example.com' }) } catch (e) { console.log('caught', e.message) } }, 50)`,
    { eventId: 'evt_call' },
  )
  assert.equal(outcome.status, 'succeeded')
  assert.equal(sends.length, 0)
  await until(() => lateOf('evt_call').length === 2)
  assert.match(lateOf('evt_call')[0]!, /^error Cannot send: the run has ended/)
  assert.match(lateOf('evt_call')[1]!, /^log caught Cannot send: the run has ended/)
  assert.equal(runner.late[0]!.step, 'step')
  assert.equal(runner.late[0]!.workflowId, 'wf_00000000000000000000000001')
})

test('late: an error after the end is reported on the run that left it', async () => {
  await runner.code(`setTimeout(() => { throw new Error('too late') }, 20)`, {
    eventId: 'evt_error',
  })
  await runner.code(`setTimeout(() => Promise.reject('rejected'), 20)`, {
    eventId: 'evt_rejection',
  })
  await until(() => lateOf('evt_error').length === 1 && lateOf('evt_rejection').length === 1)
  assert.match(lateOf('evt_error')[0]!, /^error Error: too late\n {4}at .*step:1:26/)
  assert.match(lateOf('evt_rejection')[0]!, /^error Error: rejected/)
})

test('[R62] late: a process in which something was left is not used again; what it was is reported', async () => {
  const job = jobOf(
    `if ($event.body.n === 1) setTimeout(() => {}, 60_000); this.pid = performance.timeOrigin`,
    { eventId: 'evt_timer' },
  )
  const first = await pidOf(job)
  await until(() => lateOf('evt_timer').length > 0)
  assert.match(
    lateOf('evt_timer')[0]!,
    /^warn Something was still running after the run had ended \(Timeout\)/,
  )
  assert.notEqual(await pidOf(job), first)
})

test('late: a process in which nothing was left is used again', async () => {
  const job = jobOf(
    `await new Promise((done) => setTimeout(done, 5)); this.pid = performance.timeOrigin`,
    {
      eventId: 'evt_clean',
    },
  )
  const pids = new Set([await pidOf(job), await pidOf(job), await pidOf(job)])
  assert.equal(pids.size, 1)
  assert.deepEqual(lateOf('evt_clean'), [])
})

test('[R63] late: a ghost of one run does not write into the next one', async () => {
  const job = jobOf(
    `const { n } = $event.body; if (n === 1) { setInterval(() => console.log('boo'), 5) } else await new Promise((done) => setTimeout(done, 100)); this.pid = performance.timeOrigin`,
  )
  const haunted = await runner.run({ ...job, eventId: 'evt_ghost' })
  const next = await runner.run({
    ...job,
    eventId: 'evt_next',
    request: { ...job.request, body: Buffer.from('{"n":2}') },
  })
  assert.deepEqual(next.outcome.steps[0]!.logs, [])
  await until(() => lateOf('evt_ghost').length > 1)
  assert.ok(lateOf('evt_ghost').every((text) => /boo|still running|log limit/.test(text)))
  assert.deepEqual(lateOf('evt_next'), [])
  assert.deepEqual(haunted.outcome.steps[0]!.logs, [])
})

test('late: entries after the end are limited, visibly', async () => {
  await runner.code(`setTimeout(() => { for (let i = 0; i < 1_000; i++) console.log(i) }, 5)`, {
    eventId: 'evt_many',
  })
  await until(() => lateOf('evt_many').some((text) => text.includes('log limit')))
  assert.equal(lateOf('evt_many').filter((text) => !text.includes('still running')).length, 100)
})

test('late: a request that nobody awaited is cut, and its error reported', async () => {
  await runner.code(`fetch('http://127.0.0.1:1234/').then(() => {})`, { eventId: 'evt_fetch' })
  await until(() => lateOf('evt_fetch').length > 0)
  assert.match(lateOf('evt_fetch')[0]!, /fetch failed/)
})

test('late: a process whose runs are short and many is not taken for one that hides something', async () => {
  const job = jobOf(
    `const { cpuUsage } = process; const begun = cpuUsage(); while (cpuUsage(begun).user < 20_000); this.pid = process.pid`,
    { eventId: 'evt_short' },
  )
  const pids = new Set()
  for (let i = 0; i < 40; i++) {
    pids.add(await pidOf(job))
    await new Promise((done) => setTimeout(done, 10))
  }
  assert.equal(pids.size, 1)
  assert.deepEqual(lateOf('evt_short'), [])
})

test('late: code that hides what it left running is known by the CPU it takes, and stopped', async () => {
  const pid = await pidOf(
    jobOf(
      `const { port1, port2 } = new MessageChannel(); for (const [port, other] of [[port1, port2], [port2, port1]]) { port.onmessage = () => other.postMessage(1); port.unref() }
       port1.postMessage(1); setInterval(() => {}, 50).unref(); this.pid = performance.timeOrigin`,
      { eventId: 'evt_hidden' },
    ),
  )
  await until(() => lateOf('evt_hidden').some((text) => text.includes('uses the CPU')))
  assert.notEqual(pid, undefined)
})
