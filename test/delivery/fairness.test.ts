/**
 * One bad destination hurts nobody: the delivery thread and a real store, and how long another
 * destination's deliveries wait for their start, beside what they wait on the same machine at rest.
 */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { DeliveryThread } from '../../src/delivery/thread.ts'
import { FIRST_ACCOUNT } from '../../src/model/account.ts'
import { originOf } from '../../src/model/delivery.ts'
import type { DeliveryTask, Send } from '../../src/model/delivery.ts'
import { laneKey } from '../../src/model/destination.ts'
import { deliveryId } from '../../src/model/ids.ts'
import { limits } from '../../src/model/limits.ts'
import { LocalNotifier } from '../../src/notifier/local.ts'
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { taskTo } from '../support/delivery-task.ts'
import { startHangingServer } from '../support/hanging-server.ts'
import { startReceiver } from '../support/receiver.ts'
import { makeFolder } from '../support/sqlite-folder.ts'
import { event, ids, outcome } from '../support/store-values.ts'

const MIB = 1024 * 1024
const PROBES = 60
/** What a busy machine may add to a delay of next to nothing before twice of it means anything. */
const NOISE_MS = 100

async function delivering(t: TestContext) {
  const folder = makeFolder()
  const store = new SqliteStore({ clock: systemClock }, { folder, nodeId: ids.next('node') })
  await store.start()
  const notifier = new LocalNotifier({ report: (error) => assert.fail(String(error)) })
  const thread = new DeliveryThread(
    {
      store,
      notifier,
      metrics: { attemptEnded: () => undefined },
      signing: { of: () => Promise.reject(new Error('nothing is signed here')) },
      variables: { of: async () => ({ secrets: [] }) },
      requests: { open: () => assert.fail('nothing is sealed') },
    },
    {
      allow: ['127.0.0.0/8'],
      identity: { userAgent: 'Sendoff/1', self: [] },
      onFatal: (error) => assert.fail(error),
      onRefused: (refused) => assert.fail(JSON.stringify(refused)),
      onFault: (fault) => assert.fail(JSON.stringify(fault)),
      onUnopened: (unopened) => assert.fail(JSON.stringify(unopened)),
    },
  )
  await thread.start()
  const receiver = await startReceiver()
  const hanging = await startHangingServer()
  t.after(async () => {
    await hanging.close()
    await thread.stop()
    await store.stop()
    await receiver.close()
    rmSync(folder, { recursive: true })
  })
  return { store, notifier, thread, receiver, hanging }
}

type At = Awaited<ReturnType<typeof delivering>>

/** Finishes a run with these sends, and hands over those that have a place, as execution does. */
async function run({ store, thread }: At, sends: readonly Send[]): Promise<string> {
  const accepted = event()
  const { accountId, id: eventId, workflowId } = accepted
  await store.admit([accepted])
  const places = thread.reserve(
    accountId,
    sends.map(({ url }) => originOf(url)),
  )
  await store.finish(
    {
      accountId,
      eventId,
      workflowId,
      version: 1,
      hops: 0,
      resendInterrupted: true,
      outcome: outcome(),
    },
    sends.map((send, i) => ({
      send,
      sealed: null,
      origin: originOf(send.url),
      leased: places[i]!,
    })),
  )
  const tasks = sends.map((send): DeliveryTask => {
    const id = deliveryId(eventId, send.step, send.index)
    return { ...taskTo(send.url), id, eventId, workflowId, send }
  })
  thread.offer(tasks.filter((_, i) => places[i]))
  return eventId
}

const sendsTo = (urls: readonly string[], over: Partial<Send> = {}): readonly Send[] =>
  urls.map((url, index) => taskTo(url, { timeoutMs: 30_000, ...over, index }).send)

/** How long one delivery after another waits for its start; the 95th of a hundred. */
async function startDelay(at: At): Promise<number> {
  const delays: number[] = []
  for (let i = 0; i < PROBES; i++) {
    const ended = new Set<string>()
    let look = (): void => undefined
    const leave = at.notifier.subscribe((hint) => {
      if (hint.kind === 'delivery') ended.add(hint.eventId)
      look()
    })
    const wanted = await run(at, sendsTo([at.receiver.url()]))
    await new Promise<void>((resolve) => {
      look = () => void (ended.has(wanted) && resolve())
      look()
    })
    leave()
    const detail = await at.store.inspect.event(FIRST_ACCOUNT, wanted)
    delays.push(detail!.deliveries[0]!.attempts[0]!.timings!.queuedMs)
  }
  return delays.toSorted((a, b) => a - b)[Math.floor(PROBES * 0.95)]!
}

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`Waited a minute in vain for: ${isSo.toString()}`)
    await delay(20)
  }
}

function fair(t: TestContext, idle: number, loaded: number): void {
  t.diagnostic(`start delay p95: ${idle.toFixed(1)} ms at rest, ${loaded.toFixed(1)} ms beside it`)
  assert.ok(loaded <= 2 * idle + NOISE_MS, `${loaded} ms, at rest ${idle} ms`)
}

test('[188] fairness: a thousand destinations that hang, with a backlog each, delay no other', async (t) => {
  const at = await delivering(t)
  const idle = await startDelay(at)
  const rssBefore = process.memoryUsage().rss
  const urls = Array.from({ length: 1_000 }, (_, i) => {
    return `http://127.1.${Math.floor(i / 250)}.${(i % 250) + 1}:${at.hanging.port}/`
  })
  for (let round = 0; round < 20; round++) await run(at, sendsTo(urls))
  await eventually(async () => (await at.hanging.count()).open >= 1_000)
  fair(t, idle, await startDelay(at))
  const { most } = await at.hanging.count()
  const grown = (process.memoryUsage().rss - rssBefore) / MIB
  t.diagnostic(`${most} sockets, ${grown.toFixed(0)} MiB more`)
  assert.ok(most <= limits.deliveryConcurrency * 0.875, `${most} sockets`)
  assert.ok(grown < 300, `${grown.toFixed(0)} MiB`)
})

test('[189] fairness: one dead host with 10,000 sends delays no other', async (t) => {
  const at = await delivering(t)
  const idle = await startDelay(at)
  const url = `http://127.2.0.1:${at.hanging.port}/`
  const urls = Array.from({ length: 1_000 }, () => url)
  for (let round = 0; round < 10; round++) await run(at, sendsTo(urls))
  await eventually(async () => (await at.hanging.count()).open > 0)
  fair(t, idle, await startDelay(at))
  const [activity] = await at.thread.activity([laneKey(FIRST_ACCOUNT, originOf(url))])
  const { most } = await at.hanging.count()
  assert.ok(most <= limits.laneConcurrency, `${most} sockets`)
  assert.ok(activity!.inFlight + activity!.waiting <= limits.laneCapacity)
  const row = await at.store.inspect.destination(FIRST_ACCOUNT, originOf(url))
  assert.ok(row!.pending >= 10_000 - limits.laneCapacity)
})

test('[189] fairness: retries of a host that refuses stay in the store once its breaker is open', async (t) => {
  const at = await delivering(t)
  const dead = await startReceiver()
  await dead.close()
  const retry = { attempts: 3, schedule: [0] }
  const urls = Array.from({ length: 500 }, () => dead.url())
  const lane = laneKey(FIRST_ACCOUNT, dead.origin)
  const idle = await startDelay(at)
  await run(at, sendsTo(urls, { retry }))
  const isOver = async () => {
    const row = await at.store.inspect.destination(FIRST_ACCOUNT, dead.origin)
    const [activity] = await at.thread.activity([lane])
    return row!.pending === 500 && activity?.breaker.state === 'open' && activity.waiting === 0
  }
  await eventually(isOver)
  fair(t, idle, await startDelay(at))
})
