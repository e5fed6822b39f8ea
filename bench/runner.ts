/**
 * What running user code costs: a warm run, one from a blank process, a large event, memory of an idle
 * process, a thousand workflows at once, and what a neighbour that burns CPU costs the first run of
 * another workflow. Each figure is the median of the rounds, with the lowest and the highest. Run it by
 * hand: `node --disable-sigusr1 bench/runner.ts [rounds] [process|strict] [part ...]`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createApiClient } from '../src/cli/api-client.ts'
import { systemClock } from '../src/clock.ts'
import type { WorkflowWire } from '../src/inspector/wire-workflow.ts'
import { createRunner } from '../src/runner/create-runner.ts'
import type { RunnerOptions } from '../src/runner/create-runner.ts'
import { probeIsolation } from '../src/runner/isolation.ts'
import type { IsolationChoice } from '../src/runner/isolation.ts'
import type { RunJob, Runner } from '../src/runner/runner.ts'
import { load, percentile } from './load.ts'

const ROUNDS = Number(process.argv[2] ?? 3)
const CHOICE = (process.argv[3] ?? 'process') as IsolationChoice
const WARM_RUNS = 3_000
const BLANK_RUNS = 20
const WORKFLOWS = 1_000
const BACKLOG = 10_000
const NEWCOMERS = 10
const TOKEN = 'so_benchmark_token_0123'

const isolation = await probeIsolation(CHOICE)
console.log(`${cpus().length} x ${cpus()[0]!.model}, Node ${process.version}, ${ROUNDS} rounds`)
console.log(`isolation ${isolation.level}: ${isolation.because}\n`)

const figures = new Map<string, number[]>()
let programs = 0
const parts: Readonly<Record<string, () => Promise<void>>> = {
  warm: warmRuns,
  blank: fromBlank,
  memory: idleMemory,
  many: manyWorkflows,
  beside: async () => {
    await beside('idle', 0)
    await beside(`beside a backlog of ${BACKLOG} that burns CPU`, BACKLOG)
  },
}
const wanted = process.argv.length > 4 ? process.argv.slice(4) : Object.keys(parts)
for (let round = 0; round < ROUNDS; round++) for (const part of wanted) await parts[part]!()
for (const [name, values] of figures) {
  const sorted = values.toSorted((a, b) => a - b)
  const shown = (value: number): string => value.toFixed(value < 10 ? 2 : 1)
  console.log(
    `${name.padEnd(72)} ${shown(sorted[sorted.length >> 1]!).padStart(9)}   (${shown(sorted[0]!)} to ${shown(sorted.at(-1)!)})`,
  )
}

function note(name: string, value: number): void {
  const values = figures.get(name) ?? []
  values.push(value)
  figures.set(name, values)
}

/** Notes quantiles of durations in milliseconds. */
function noteQuantiles(name: string, durations: readonly number[]): void {
  const sorted = durations.toSorted((a, b) => a - b)
  note(`${name}, p50 ms`, percentile(sorted, 0.5))
  note(`${name}, p95 ms`, percentile(sorted, 0.95))
}

async function withRunner(
  options: RunnerOptions,
  body: (runner: Runner) => Promise<void>,
): Promise<void> {
  const tunnel = async (): Promise<never> => {
    throw new Error('There is no network here')
  }
  const runner = createRunner({ clock: systemClock, isolation, tunnel, onLate() {} }, options)
  await runner.start()
  await body(runner)
  await runner.stop()
}

function jobOf(code: string, body: Uint8Array = Buffer.from('{"n":1}')): RunJob {
  const id = `bench-${++programs}`
  const prefix = 'export default async function ({ $event }) { '
  const source = `${prefix}${code}\n}`
  return {
    accountId: 1,
    eventId: 'evt_00000000000000000000000001',
    program: {
      id,
      steps: [{ name: 'step', type: 'code', position: 0, source, prefix: prefix.length }],
      packages: null,
    },
    request: {
      method: 'POST',
      scheme: 'http',
      host: 'localhost',
      uri: '/t/key',
      path: '/',
      httpVersion: '1.1',
      clientIp: '203.0.113.7',
      headers: [['Content-Type', 'application/json']],
      body,
    },
    context: {
      id: 'evt_00000000000000000000000001',
      ts: '2026-11-23T08:00:00.000Z',
      workflow_id: `wf_${id}`,
      workflow_name: 'Bench',
      version: 1,
      replay_of: null,
      test: false,
    },
    env: {},
    timeoutMs: 60_000,
    memoryMb: 128,
    isolation: 'warm',
    response: 'default',
  }
}

/** How long a run takes, all in all. */
async function timed(runner: Runner, job: RunJob): Promise<number> {
  const begun = performance.now()
  const { outcome } = await runner.run(job)
  if (outcome.status !== 'succeeded') throw new Error(outcome.message ?? outcome.status)
  return performance.now() - begun
}

async function warmRuns(): Promise<void> {
  await withRunner({}, async (runner) => {
    const small = jobOf('return 1')
    for (let i = 0; i < 2_000; i++) await timed(runner, small)
    const durations: number[] = []
    for (let i = 0; i < WARM_RUNS; i++) durations.push(await timed(runner, small))
    noteQuantiles('warm run', durations)

    const text = JSON.stringify({ items: Array.from({ length: 9_700 }, (_, i) => fill(i)) })
    const large = jobOf('return $event.body.items.length', Buffer.from(text))
    for (let i = 0; i < 20; i++) await timed(runner, large)
    const largeDurations: number[] = []
    for (let i = 0; i < 50; i++) largeDurations.push(await timed(runner, large))
    noteQuantiles(
      `warm run on a JSON event of ${(text.length / 1e6).toFixed(2)} MB`,
      largeDurations,
    )
  })
}

function fill(i: number): object {
  return { id: i, name: `item ${i}`, tags: ['tea', 'cake'], price: i / 7, pad: 'x'.repeat(20) }
}

async function fromBlank(): Promise<void> {
  await withRunner({ blanks: 2 }, async (runner) => {
    await delay(1_000)
    const durations: number[] = []
    for (let i = 0; i < BLANK_RUNS; i++) {
      durations.push(await timed(runner, jobOf('return 1')))
      await delay(400) // another blank is booted meanwhile
    }
    noteQuantiles('first run of a workflow, from a blank process', durations)
  })
  await withRunner({ blanks: 0 }, async (runner) => {
    const durations: number[] = []
    for (let i = 0; i < BLANK_RUNS; i++) durations.push(await timed(runner, jobOf('return 1')))
    noteQuantiles('first run of a workflow, no blank at hand', durations)
  })
}

async function idleMemory(): Promise<void> {
  await withRunner({ blanks: 10 }, async () => {
    await delay(2_500)
    const sizes = guestsOf(process.pid).map(memoryOf)
    const mean = (pick: 'rss' | 'pss'): number =>
      sizes.reduce((sum, size) => sum + size[pick], 0) / sizes.length / 1024
    note('blank process, RSS MiB', mean('rss'))
    note('blank process, PSS MiB (10 of them share pages)', mean('pss'))
  })
}

/** The processes that run Node below this one: not the sandbox's own. */
function guestsOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean),
  )
  return children.map(Number).flatMap((child) => {
    const below = guestsOf(child)
    return below.length > 0 ? below : [child]
  })
}

function memoryOf(pid: number): { rss: number; pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
  const read = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)![1])
  return { rss: read('Rss'), pss: read('Pss') }
}

async function manyWorkflows(): Promise<void> {
  await withRunner({}, async (runner) => {
    await delay(500)
    const begun = performance.now()
    const durations = await Promise.all(
      Array.from({ length: WORKFLOWS }, () => timed(runner, jobOf('return 1'))),
    )
    note(
      `${WORKFLOWS} workflows with one event each, at once, seconds`,
      (performance.now() - begun) / 1_000,
    )
    const sorted = durations.toSorted((a, b) => a - b)
    note(
      `${WORKFLOWS} workflows with one event each, at once, p95 seconds`,
      percentile(sorted, 0.95) / 1_000,
    )
  })
}

/** From sending a workflow's first event to the arrival of what it sends, through a whole server. */
async function beside(name: string, backlog: number): Promise<void> {
  const arrived = new Map<string, (atMs: number) => void>()
  const receiver = createServer((request, response) => {
    arrived.get(request.url!)?.(performance.now())
    request.resume()
    response.end('ok')
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const { port } = receiver.address() as AddressInfo
  const server = await serve(port)
  const newcomers = await Promise.all(
    Array.from({ length: NEWCOMERS }, (_, i) =>
      server.create(
        `$send.http({ method: 'POST', url: 'http://127.0.0.1:${port}/${i}', data: 1 })`,
      ),
    ),
  )
  if (backlog > 0) {
    const burning = await server.create(`const end = Date.now() + 40; while (Date.now() < end);`)
    const { hostname, port: serverPort, pathname } = new URL(burning)
    const target = { host: hostname, port: Number(serverPort), path: pathname }
    for (let sent = 0; sent < backlog;)
      sent += (await load(target, { connections: 64, seconds: 1, perSecond: null })).accepted
  }
  await delay(2_000)
  const durations: number[] = []
  for (const [i, endpoint] of newcomers.entries()) {
    const arrival = new Promise<number>((found) => arrived.set(`/${i}`, found))
    const begun = performance.now()
    await post(endpoint)
    durations.push((await arrival) - begun)
    await delay(1_000)
  }
  noteQuantiles(`first event of a workflow to its arrival, ${name}`, durations)
  await server.stop()
  receiver.close()
  receiver.closeAllConnections()
}

/** A whole server in a process of its own, that may send to the port. */
async function serve(port: number) {
  const folder = mkdtempSync(join(tmpdir(), 'sendoff-bench-'))
  const child = spawn(process.execPath, ['bin/sendoff.cjs', 'serve'], {
    cwd: resolve(import.meta.dirname, '..'),
    env: {
      ...process.env,
      SENDOFF_PORT: '0',
      SENDOFF_DATA: folder,
      SENDOFF_ADMIN_TOKEN: TOKEN,
      SENDOFF_ISOLATION: CHOICE,
      SENDOFF_EGRESS_ALLOW: `127.0.0.1/32:${port}`,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  const url = await new Promise<string>((found) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += String(chunk)
      const match = /listens on (http:\S+)/.exec(output)
      if (match) found(match[1]!)
    })
  })
  const api = createApiClient(url, TOKEN)
  return {
    create: async (code: string): Promise<string> => {
      const workflow = await api.call<WorkflowWire>('POST', '/workflows', {
        name: 'Bench',
        steps: [{ type: 'code', code }],
        settings: { rate: { perSecond: 100_000, burst: 100_000 } },
      })
      return workflow.endpoint
    },
    stop: async (): Promise<void> => {
      child.kill('SIGTERM')
      await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function post(endpoint: string): Promise<void> {
  const answer = await fetch(endpoint, { method: 'POST', body: '{}' })
  if (answer.status !== 200) throw new Error(`answer ${answer.status}`)
  await answer.arrayBuffer()
}
