/**
 * The whole chain: event -> isolated code -> one delivery -> recorded, the server, the receiver and the
 * load each in a process of its own on this machine. Prints closed-loop throughput, open-loop latency
 * from sending the event to its arrival at the destination, and the ratio to the same chain with the
 * store switched off. Run it by hand: `node bench/pipeline.ts [seconds] [rounds]`.
 */
import { fork, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createApiClient } from '../src/cli/api-client.ts'
import type { WorkflowWire } from '../src/inspector/wire-workflow.ts'
import { cpuMs } from './cpu.ts'
import { load, percentile } from './load.ts'
import type { Target } from './load.ts'

const TOKEN = 'so_benchmark_token_0123'
const SECONDS = Number(process.argv[2] ?? 5)
const ROUNDS = Number(process.argv[3] ?? 3)
const OPEN_LOOP_RATES = [1_000, 3_000, 7_000]

type Server = { readonly child: ChildProcess; readonly url: string; readonly folder: string }
type Figures = { received: number; distinct: number; latencies: number[] }

console.log(`${cpus().length} x ${cpus()[0]!.model}, Node ${process.version}`)
console.log(`load average before: ${loadavg()[0]!.toFixed(1)}`)
console.log(`SQLite synchronous=FULL, 1 KB JSON, ${SECONDS} s a round, ${ROUNDS} rounds\n`)

const receiver = fork(resolve(import.meta.dirname, 'receiver.ts'))
const [{ port }] = (await once(receiver, 'message')) as [{ port: number }]

const durable: number[] = []
const fleeting: number[] = []
const bare: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  bare.push(await yardstick())
  durable.push(await closedLoop('store on ', ['bin/sendoff.cjs', 'serve']))
  fleeting.push(
    await closedLoop('store off', ['--disable-sigusr1', 'bench/serve-without-store.ts']),
  )
}
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
console.log(
  `\nmedian: ${Math.round(median(durable))} events/s durable, ${Math.round(median(fleeting))} with the store off, ratio ${(median(durable) / median(fleeting)).toFixed(2)}`,
)
console.log(
  `yardstick: ${Math.round(median(bare))} requests/s of bare node:http; an event takes ${(median(bare) / median(durable)).toFixed(1)} of them\n`,
)
await openLoop()
receiver.disconnect()

/** What this machine gives bare node:http: the same load on the receiver, and nothing in between. */
async function yardstick(): Promise<number> {
  const target = { host: '127.0.0.1', port, path: '/' }
  const { accepted, seconds } = await load(target, {
    connections: 64,
    seconds: SECONDS,
    perSecond: null,
  })
  await figures(true)
  return accepted / seconds
}

async function closedLoop(name: string, command: readonly string[]): Promise<number> {
  const server = await start(command)
  const target = await prepare(server)
  const warm = await load(target, { connections: 64, seconds: 1.5, perSecond: null })
  await quiet(server, warm.accepted)
  await figures(true)
  const started = performance.now()
  const cpuBefore = cpuMs(server.child.pid!)
  const { accepted, refused, latencies } = await load(target, {
    connections: 64,
    seconds: SECONDS,
    perSecond: null,
  })
  await quiet(server, accepted)
  const seconds = (performance.now() - started) / 1_000
  const cpuUs = ((cpuMs(server.child.pid!) - cpuBefore) * 1_000) / accepted
  const { distinct } = await figures(true)
  await stop(server)
  const perSecond = distinct / seconds
  console.log(
    `${name}  closed loop, 64 connections: ${Math.round(perSecond)} events/s, all delivered and recorded; ${Math.round(cpuUs)} us of CPU an event; answer ${quantiles(latencies)}; ${refused} refused, ${distinct}/${accepted} delivered`,
  )
  return perSecond
}

async function openLoop(): Promise<void> {
  const server = await start(['bin/sendoff.cjs', 'serve'])
  const target = await prepare(server)
  const warm = await load(target, { connections: 64, seconds: 2, perSecond: 500 })
  await quiet(server, warm.accepted)
  for (const perSecond of OPEN_LOOP_RATES) {
    await figures(true)
    const { accepted, refused, latencies } = await load(target, {
      connections: 256,
      seconds: SECONDS,
      perSecond,
    })
    await quiet(server, accepted)
    const arrived = await figures(true)
    console.log(
      `open loop, ${perSecond}/s: answer ${quantiles(latencies)}; arrival ${quantiles(arrived.latencies)}; ${refused} refused, ${arrived.distinct}/${accepted} delivered`,
    )
  }
  await stop(server)
}

function quantiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(sorted, share).toFixed(1))
  return `p50/p95/p99 ${p50}/${p95}/${p99} ms`
}

async function start(command: readonly string[]): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'sendoff-bench-'))
  const child = spawn(process.execPath, command, {
    cwd: resolve(import.meta.dirname, '..'),
    env: {
      ...process.env,
      SENDOFF_PORT: '0',
      SENDOFF_DATA: folder,
      SENDOFF_ADMIN_TOKEN: TOKEN,
      SENDOFF_EGRESS_ALLOW: `127.0.0.1/32:${port}`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  const url = await new Promise<string>((found, failed) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += String(chunk)
      const match = /listens on (http:\S+)/.exec(output)
      if (match) found(match[1]!)
    })
    child.once('exit', () => failed(new Error(`The server ended: ${output}`)))
  })
  return { child, url, folder }
}

async function prepare(server: Server): Promise<Target> {
  const code = `$send.http({ method: 'POST', url: 'http://127.0.0.1:${port}/in', data: $event.body })`
  const workflow = await createApiClient(server.url, TOKEN).call<WorkflowWire>(
    'POST',
    '/workflows',
    {
      name: 'Bench',
      steps: [{ type: 'code', code }],
      settings: { rate: { perSecond: 100_000, burst: 100_000 } },
    },
  )
  const { hostname, port: serverPort, pathname } = new URL(workflow.endpoint)
  return { host: hostname, port: Number(serverPort), path: pathname }
}

/**
 * Waits until `count` events have arrived, and all of it is recorded. With the store off what finds no
 * room in memory is gone: there it waits until nothing more arrives.
 */
async function quiet(server: Server, count: number): Promise<void> {
  let arrived = -1
  let idleTries = 0
  while (arrived < count && idleTries < 50) {
    const { distinct } = await figures(false)
    idleTries = distinct === arrived ? idleTries + 1 : 0
    arrived = distinct
    await new Promise((done) => setTimeout(done, 10))
  }
  const headers = { authorization: `Bearer ${TOKEN}` }
  for (let tries = 0; tries < 3_000; tries++) {
    const text = await (await fetch(`${server.url}/metrics`, { headers })).text()
    const open = ['queued_events', 'pending_deliveries'].map((name) =>
      Number(new RegExp(`^sendoff_${name}(?:\\{.*\\})? (\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN),
    )
    if (open.every((count) => count === 0)) return
    if (open.some(Number.isNaN)) throw new Error('The metrics lack the backlog')
    await new Promise((done) => setTimeout(done, 10))
  }
  throw new Error('The backlog did not drain')
}

async function figures(reset: boolean): Promise<Figures> {
  receiver.send({ reset })
  const [answer] = (await once(receiver, 'message')) as [Figures]
  return answer
}

async function stop({ child, folder }: Server): Promise<void> {
  child.removeAllListeners('exit')
  child.kill('SIGTERM')
  await once(child, 'exit')
  rmSync(folder, { recursive: true, force: true })
}
