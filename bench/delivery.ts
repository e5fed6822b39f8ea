/**
 * The delivery engine alone: Dispatcher, guard, capture and a durable record of every attempt, against
 * undici's Pool with the same connections, requests and receiver and nothing else, in turns in one run.
 * The receiver is a process of its own. Run it by hand: `node bench/delivery.ts [count] [rounds]`.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Pool } from 'undici'
import { IdSource, systemClock } from '../src/clock.ts'
import { Dispatcher } from '../src/delivery/dispatcher.ts'
import { AccountMasks } from '../src/delivery/account-masks.ts'
import { createProtect } from '../src/delivery/protect.ts'
import { headersOf, requestOf } from '../src/delivery/request.ts'
import { createEgress } from '../src/egress/connector.ts'
import { originOf } from '../src/model/delivery.ts'
import type { DeliveryTask, NewDelivery, Send } from '../src/model/delivery.ts'
import { deliveryId } from '../src/model/ids.ts'
import { limits } from '../src/model/limits.ts'
import { SqliteStore } from '../src/store/sqlite/sqlite-store.ts'

type Figure = {
  readonly perSecond: number
  /** CPU time of the thread that sends, for one request. */
  readonly cpuMicros: number
}

const COUNT = Number(process.argv[2] ?? 30_000)
const ROUNDS = Number(process.argv[3] ?? 5)
const SENDS_PER_RUN = 500
/** What waits at any time: a lane's worth. */
const WAITING = limits.laneCapacity
const BODY = Buffer.from(JSON.stringify({ text: 'x'.repeat(1_010) }))
const USER_AGENT = 'Sendoff/bench (+http://localhost/abuse)'
const ACCOUNT = 1

console.log(`${cpus().length} x ${cpus()[0]!.model}, Node ${process.version}`)
console.log(
  `SQLite synchronous=FULL, ${BODY.length} bytes a request, ${limits.laneConcurrency} connections, ${COUNT} requests a round\n`,
)

const receiver = fork(resolve(import.meta.dirname, 'receiver.ts'))
const [{ port }] = (await once(receiver, 'message')) as [{ port: number }]
const url = `http://127.0.0.1:${port}/in`
const ids = new IdSource(systemClock)

await bare(COUNT / 3) // warm
await engine(COUNT / 3)
const rounds: { readonly pool: Figure; readonly ours: Figure }[] = []
for (let round = 1; round <= ROUNDS; round++) {
  const [pool, ours] = [await bare(COUNT), await engine(COUNT)]
  rounds.push({ pool, ours })
  tell(`round ${round}`, pool, ours)
}
tell('\nmedian', median(rounds.map(({ pool }) => pool)), median(rounds.map(({ ours }) => ours)))
receiver.disconnect()

function median(figures: readonly Figure[]): Figure {
  const middle = (name: keyof Figure): number =>
    figures.map((figure) => figure[name]).toSorted((a, b) => a - b)[figures.length >> 1]!
  return { perSecond: middle('perSecond'), cpuMicros: middle('cpuMicros') }
}

function tell(what: string, pool: Figure, ours: Figure): void {
  const share = Math.round((ours.perSecond / pool.perSecond) * 100)
  console.log(`${what}: Pool ${shown(pool)}; engine ${shown(ours)}; ${share} % of its requests/s`)
}

function shown({ perSecond, cpuMicros }: Figure): string {
  return `${Math.round(perSecond)} requests/s, ${cpuMicros.toFixed(1)} us of its thread each`
}

/** Times `work`, which makes `count` requests. */
async function measure(count: number, work: () => Promise<void>): Promise<Figure> {
  const started = performance.now()
  const before = process.threadCpuUsage()
  await work()
  const { user, system } = process.threadCpuUsage(before)
  const seconds = (performance.now() - started) / 1_000
  return { perSecond: count / seconds, cpuMicros: (user + system) / count }
}

/** undici alone: the same requests, as many in flight as the engine has. */
async function bare(count: number): Promise<Figure> {
  const client = new Pool(new URL(url).origin, {
    connections: limits.laneConcurrency,
    pipelining: 1,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const headers: string[] = []
  const request = requestOf(taskOf(ids.next('evt'), 0), USER_AGENT, Date.now())
  for (const [name, value] of headersOf(request)) headers.push(name, value)
  let left = Math.floor(count)
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const answer = await client.request({ path: '/in', method: 'POST', headers, body: BODY })
      await answer.body.arrayBuffer()
    }
  }
  const figure = await measure(Math.floor(count), async () => {
    await Promise.all(Array.from({ length: limits.laneConcurrency }, worker))
  })
  await client.destroy()
  return figure
}

/** The engine: everything that happens to a delivery once its run has ended, until it is on record. */
async function engine(count: number): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'sendoff-bench-'))
  const store = new SqliteStore({ clock: systemClock }, { folder, nodeId: ids.next('node') })
  await store.start()
  const tasks = await prepare(store, Math.floor(count))
  const { promise, resolve: done } = Promise.withResolvers<void>()
  let next = 0
  let settled = 0
  const dispatcher = new Dispatcher({
    clock: systemClock,
    store,
    egress: createEgress({ clock: systemClock }, { allow: [`127.0.0.1/32:${port}`] }),
    userAgent: () => USER_AGENT,
    signingKeys: () => Promise.reject(new Error('nothing is signed')),
    unseal: () => Promise.reject(new Error('nothing is sealed')),
    protect: createProtect(new AccountMasks({ clock: systemClock, ask: async () => [] })),
    notify: () => {
      if (++settled === tasks.length) done()
      if (next < tasks.length) dispatcher.take([tasks[next++]!])
    },
    metrics: {
      attemptEnded: (outcome) => {
        if (outcome !== 'delivered') throw new Error(`An attempt ended as ${outcome}`)
      },
    },
    onFailure: (_, error) => {
      throw error
    },
    onFault: (_, error) => {
      throw error
    },
  })
  await dispatcher.start()
  const figure = await measure(tasks.length, () => {
    next = Math.min(WAITING, tasks.length)
    dispatcher.take(tasks.slice(0, next))
    return promise
  })
  await dispatcher.stop()
  await store.stop()
  rmSync(folder, { recursive: true, force: true })
  return figure
}

/** Events whose runs have ended, and their deliveries as begun. */
async function prepare(store: SqliteStore, count: number): Promise<readonly DeliveryTask[]> {
  const tasks: DeliveryTask[] = []
  while (tasks.length < count) {
    const eventId = ids.next('evt')
    const size = Math.min(SENDS_PER_RUN, count - tasks.length)
    const own = Array.from({ length: size }, (_, index) => taskOf(eventId, index))
    await store.admit([eventOf(eventId)])
    const { origin } = own[0]!
    const deliveries = own.map(({ send }): NewDelivery => ({
      send,
      sealed: null,
      origin,
      leased: true,
    }))
    await store.finish(runOf(eventId), deliveries)
    tasks.push(...own)
  }
  return tasks
}

function taskOf(eventId: string, index: number): DeliveryTask {
  return {
    accountId: ACCOUNT,
    id: deliveryId(eventId, 0, index),
    eventId,
    workflowId: 'wf_00000000000000000000000000',
    origin: originOf(url),
    send: sendOf(index),
    sealed: null,
    attempt: 1,
    dueAt: Date.now(),
    hops: 0,
  }
}

function sendOf(index: number): Send {
  return {
    step: 0,
    stepName: 'nodejs',
    index,
    method: 'POST',
    url,
    headers: [['content-type', 'application/json']],
    body: BODY,
    timeoutMs: 15_000,
    retry: null,
    followRedirects: 0,
    signed: false,
  }
}

function eventOf(id: string): Parameters<SqliteStore['admit']>[0][number] {
  return {
    accountId: ACCOUNT,
    id,
    workflowId: 'wf_00000000000000000000000000',
    version: 1,
    receivedAt: Date.now(),
    replayOf: null,
    test: false,
    steps: null,
    error: null,
    leased: true,
    idempotency: null,
    request: {
      method: 'POST',
      scheme: 'http',
      host: 'localhost',
      uri: '/',
      path: '/',
      httpVersion: '1.1',
      clientIp: '127.0.0.1',
      headers: [],
      body: new Uint8Array(),
    },
  }
}

function runOf(eventId: string): Parameters<SqliteStore['finish']>[0] {
  return {
    accountId: ACCOUNT,
    eventId,
    workflowId: 'wf_00000000000000000000000000',
    version: 1,
    resendInterrupted: true,
    hops: 0,
    outcome: {
      status: 'succeeded',
      startedAt: Date.now(),
      durationMs: 1,
      message: null,
      steps: [],
    },
  }
}
