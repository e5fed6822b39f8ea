/**
 * Fills a folder with events, runs and deliveries as they would have come over some days, through the
 * store's own verbs: `node bench/seed.ts <folder> [events] [days]`. No server may be using the folder.
 * What comes out is the same each time but for ids: it is for looking at, and for measuring reads.
 */
import { resolve } from 'node:path'
import { IdSource, systemClock } from '../src/clock.ts'
import type { Clock } from '../src/clock.ts'
import type { Attempt, FailureCode, NewDelivery, Settlement } from '../src/model/delivery.ts'
import { checkDefinition } from '../src/model/definition.ts'
import type { NewEvent } from '../src/model/event.ts'
import type { RunOutcome } from '../src/model/run.ts'
import type { Workflow } from '../src/model/workflow.ts'
import { SqliteStore } from '../src/store/sqlite/sqlite-store.ts'
import type { FinishedRun } from '../src/store/store.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const BATCH = 1_000
const NAMES = ['Orders to Slack', 'Invoices', 'New customers', 'Stock levels', 'GitHub pushes']
const HOSTS = ['api.example.com', 'hooks.example.net', 'crm.example.org', 'slow.example.com']

type Made = {
  readonly event: NewEvent
  readonly run: FinishedRun
  readonly sends: NewDelivery[]
  readonly settlements: Settlement[]
}

/** Writes `count` events that end now and began `days` ago. Resolves to the workflows they are of. */
export async function seed(
  store: SqliteStore,
  count: number,
  days: number,
  names: readonly string[] = NAMES,
): Promise<readonly Workflow[]> {
  const from = systemClock.nowMs() - days * DAY_MS
  const clock = movingClock()
  const ids = new IdSource(clock)
  const workflows: Workflow[] = []
  for (const name of names) {
    const definition = checkDefinition({ name, steps: [{ type: 'code', code: 'return 1' }] })
    workflows.push(await store.createWorkflow(1, ids.next('wf'), ids.key(), definition))
  }
  for (let first = 0; first < count; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => {
      const n = first + i
      clock.at = Math.floor(from + (n * days * DAY_MS) / count)
      return made(n, clock.at, ids.next('evt'), workflows[pick(n, workflows.length)]!)
    })
    await store.admit(batch.map(({ event }) => event))
    await Promise.all(batch.map(({ run, sends }) => store.finish(run, sends)))
    await store.settle(batch.flatMap(({ settlements }) => settlements))
  }
  return workflows
}

function movingClock(): Clock & { at: number } {
  const clock = { ...systemClock, at: systemClock.nowMs(), nowMs: () => clock.at }
  return clock
}

/** A number below `below` that looks drawn, and is the same for the same `n`. */
const pick = (n: number, below: number): number =>
  ((Math.imul(n + 1, 2_654_435_761) >>> 0) >>> 7) % below

function made(n: number, at: number, id: string, { id: workflowId }: Workflow): Made {
  const common = { accountId: 1, workflowId, version: 1 }
  const body = Buffer.from(
    JSON.stringify({
      order: n,
      customer: { name: `Customer ${pick(n, 977)}` },
      total: pick(n, 500),
    }),
  )
  const event: NewEvent = {
    ...common,
    id,
    receivedAt: at,
    request: {
      method: 'POST',
      scheme: 'https',
      host: 'hooks.example',
      uri: '/t/key/orders',
      path: pick(n, 9) === 0 ? '/refunds' : '/orders',
      httpVersion: '1.1',
      clientIp: '203.0.113.9',
      headers: [['content-type', 'application/json']],
      body,
    },
    error: null,
    replayOf: null,
    test: false,
    steps: null,
    leased: true,
    idempotency: null,
  }
  const outcome = outcomeOf(n, at)
  const run = { ...common, eventId: id, resendInterrupted: true, hops: 0, outcome }
  const calls = outcome.status === 'succeeded' ? 1 + pick(n, 3) : 0
  const sends = Array.from({ length: calls }, (_, index) => sendOf(n, index, body))
  const settlements = sends.map((_, index) => settlementOf(n + index, at, id, index))
  return { event, run, sends, settlements }
}

function outcomeOf(n: number, at: number): RunOutcome {
  const isFailed = pick(n, 61) === 0
  const durationMs = 3 + pick(n, 40) / 3
  const error = {
    name: 'TypeError',
    message: "Cannot read properties of undefined (reading 'id')",
    stack: '',
    line: 3,
    column: 12,
  }
  return {
    status: isFailed ? 'failed' : pick(n, 17) === 0 ? 'ended' : 'succeeded',
    startedAt: at + 1 + pick(n, 5),
    durationMs,
    message: isFailed
      ? `EXCEPTION ${error.name}: ${error.message}`
      : pick(n, 17) === 0
        ? '$end: not ours'
        : null,
    steps: [
      {
        name: 'code',
        type: 'code',
        status: isFailed ? 'failed' : 'succeeded',
        durationMs,
        logs: [{ at: 1, level: 'log', text: `order ${n}` }],
        exports: { $return_value: 1 },
        diff: [],
        error: isFailed ? error : null,
        skipped: [],
      },
    ],
  }
}

function sendOf(n: number, index: number, body: Uint8Array): NewDelivery {
  const host = HOSTS[pick(n + index, HOSTS.length)]!
  return {
    send: {
      step: 0,
      stepName: 'code',
      index,
      method: 'POST',
      url: `https://${host}/in/${index}`,
      headers: [['content-type', 'application/json']],
      body,
      timeoutMs: 15_000,
      retry: null,
      followRedirects: 0,
      signed: false,
    },
    sealed: null,
    origin: `https://${host}:443`,
    leased: true,
  }
}

function settlementOf(n: number, at: number, eventId: string, index: number): Settlement {
  const code: FailureCode | null =
    pick(n, 43) === 0 ? 'http_status' : pick(n, 131) === 0 ? 'timeout' : null
  const totalMs = code === 'timeout' ? 15_000 : 20 + pick(n, 90) * (pick(n, 29) === 0 ? 12 : 1)
  const response = Buffer.from(code ? 'oops' : '{"ok":true}')
  const attempt: Attempt = {
    number: 1,
    startedAt: at + 25,
    outcome: code ? 'failed' : 'delivered',
    code,
    remoteAddress: '203.0.113.7:443',
    timings: { queuedMs: 1, dnsMs: 1, connectMs: 6, tlsMs: 9, firstByteMs: totalMs - 1, totalMs },
    request: { method: 'POST', url: 'https://example.com/in', headers: [] },
    response:
      code === 'timeout'
        ? null
        : {
            status: code ? 500 : 200,
            headers: [['content-type', 'text/plain']],
            body: response,
            size: response.length,
            sha256: '0'.repeat(64),
            truncated: false,
          },
    error: code === 'timeout' ? { message: 'No answer within 15,000 ms', detail: null } : null,
  }
  const status = code ? 'failed' : 'delivered'
  return { accountId: 1, eventId, step: 0, index, attempt, status, code, dueAt: null }
}

if (import.meta.main) {
  const [folder, count = '100000', days = '7'] = process.argv.slice(2)
  if (folder === undefined) throw new Error('Usage: node bench/seed.ts <folder> [events] [days]')
  const store = new SqliteStore(
    { clock: systemClock },
    { folder: resolve(folder), nodeId: 'node_seed' },
  )
  const startedMs = performance.now()
  await store.start()
  await seed(store, Number(count), Number(days))
  await store.stop()
  console.log(`${count} events in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`)
}
