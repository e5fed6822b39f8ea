/** The delivery thread with a real store: what main hands over is delivered there and comes back settled. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { systemClock } from '../../src/clock.ts'
import { DeliveryThread } from '../../src/delivery/thread.ts'
import { FIRST_ACCOUNT } from '../../src/model/account.ts'
import { originOf } from '../../src/model/delivery.ts'
import type { DeliveryTask, NewDelivery, Send } from '../../src/model/delivery.ts'
import { laneKey } from '../../src/model/destination.ts'
import { deliveryId } from '../../src/model/ids.ts'
import { limits } from '../../src/model/limits.ts'
import type { Hint } from '../../src/notifier/notifier.ts'
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Answer, JobMessage } from '../../src/store/sqlite/wire.ts'
import { taskTo } from '../support/delivery-task.ts'
import { headerOf, startReceiver } from '../support/receiver.ts'
import { makeFolder } from '../support/sqlite-folder.ts'
import { until } from '../support/until.ts'
import { definition, event, ids, outcome } from '../support/store-values.ts'

const identity = { userAgent: 'Sendoff/1', self: [] }

const noSecrets = { of: async () => ({ secrets: [] as readonly string[] }) }

const nothingSealed: ConstructorParameters<typeof DeliveryThread>[0]['requests'] = {
  open: () => assert.fail('nothing is sealed'),
}

type Wire = (port: MessagePort) => MessagePort

/** `wire` stands between the thread and the store's writer. */
async function delivering(
  variables = noSecrets,
  requests = nothingSealed,
  wire: Wire = (port) => port,
) {
  const folder = makeFolder()
  const store = new SqliteStore({ clock: systemClock }, { folder, nodeId: ids.next('node') })
  await store.start()
  const hints: Hint[] = []
  const listeners: (() => void)[] = []
  const subscribers: ((hint: Hint) => void)[] = []
  const attempts: unknown[] = []
  const unopened: unknown[] = []
  const notifier = {
    publish(hint: Hint) {
      hints.push(hint)
      for (const listener of listeners) listener()
    },
    subscribe(listener: (hint: Hint) => void) {
      subscribers.push(listener)
      return () => undefined
    },
  }
  const death = Promise.withResolvers<Error>()
  const options = {
    allow: ['127.0.0.0/8'],
    identity,
    onFatal: death.resolve,
    onRefused: (refused: unknown) => assert.fail(JSON.stringify(refused)),
    onFault: (fault: unknown) => assert.fail(JSON.stringify(fault)),
    onUnopened: (what: unknown) => unopened.push(what),
  }
  const startThread = async () => {
    const thread = new DeliveryThread(
      {
        store: { connect: () => wire(store.connect()) },
        notifier,
        metrics: { attemptEnded: (...ended) => attempts.push(ended) },
        signing: { of: () => Promise.reject(new Error('its key is gone')) },
        variables,
        requests,
      },
      options,
    )
    threads.push(thread)
    await thread.start()
    return thread
  }
  const threads: DeliveryThread[] = []
  const thread = await startThread()
  const receiver = await startReceiver()
  return {
    store,
    thread,
    startThread,
    receiver,
    attempts,
    unopened,
    change: (accountId: number) => {
      for (const listener of subscribers) listener({ kind: 'env', accountId })
    },
    died: death.promise,
    async hinted(count: number) {
      const { promise, resolve } = Promise.withResolvers<void>()
      listeners.push(() => hints.length >= count && resolve())
      if (hints.length < count) await promise
    },
    async [Symbol.asyncDispose]() {
      for (const each of threads) await each.stop()
      await store.stop()
      await receiver.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Finishes a run with these sends the way execution does; answers its event's id. */
async function finish(
  at: Awaited<ReturnType<typeof delivering>>,
  sends: readonly Send[],
  leased: boolean,
  sealed: NewDelivery['sealed'] = null,
): Promise<string> {
  const workflowId = ids.next('wf')
  await at.store.createWorkflow(FIRST_ACCOUNT, workflowId, ids.key(), definition())
  const admitted = event({ workflowId })
  await at.store.admit([admitted])
  const eventId = admitted.id
  const run = { accountId: FIRST_ACCOUNT, eventId, workflowId, version: 1, hops: 0 }
  await at.store.finish(
    { ...run, resendInterrupted: true, outcome: outcome() },
    sends.map((send) => ({ send, sealed, origin: originOf(send.url), leased })),
  )
  if (!leased) return eventId
  const tasks = sends.map((send): DeliveryTask => {
    const id = deliveryId(eventId, send.step, send.index)
    return { ...taskTo(send.url), id, eventId, workflowId, send }
  })
  assert.ok(
    at.thread
      .reserve(
        FIRST_ACCOUNT,
        sends.map(({ url }) => originOf(url)),
      )
      .every(Boolean),
  )
  at.thread.offer(tasks)
  return eventId
}

const sendsTo = (url: string, count: number): readonly Send[] =>
  Array.from({ length: count }, (_, index) => {
    // A view into a larger buffer, as sends arrive from the runner.
    const body = Buffer.from(`before${index}after`).subarray(6, -5)
    return taskTo(url, { index, body }).send
  })

test('delivery thread: what is offered is delivered, settled and hinted at', async () => {
  await using at = await delivering()
  const eventId = await finish(at, sendsTo(at.receiver.url(), 20), true)
  await at.hinted(20)
  const detail = await at.store.inspect.event(FIRST_ACCOUNT, eventId)
  assert.deepEqual(detail?.dest, { delivered: 20, total: 20, failed: 0 })
  assert.equal(at.attempts.length, 20)
  assert.equal(detail.deliveries[7]?.attempts[0]?.response?.status, 200)
  assert.deepEqual(
    at.receiver.requests
      .map(({ body }) => body.toString())
      .toSorted((a, b) => Number(a) - Number(b)),
    Array.from({ length: 20 }, (_, i) => String(i)),
  )
})

test('delivery thread: what only the store knows is delivered when woken', async () => {
  await using at = await delivering()
  const eventId = await finish(at, sendsTo(at.receiver.url(), 3), false)
  at.thread.wake()
  await at.hinted(3)
  const detail = await at.store.inspect.event(FIRST_ACCOUNT, eventId)
  assert.equal(detail?.dest.delivered, 3)
})

test('delivery thread: a place is free again once its delivery is settled', async () => {
  await using at = await delivering()
  const url = at.receiver.url()
  const origins = Array.from({ length: limits.laneCapacity - 5 }, () => originOf(url))
  at.thread.reserve(FIRST_ACCOUNT, origins)
  for (let round = 1; round <= 3; round++) {
    await finish(at, sendsTo(url, 5), true)
    assert.deepEqual(at.thread.reserve(FIRST_ACCOUNT, [originOf(url)]), [false])
    await at.hinted(round * 5)
  }
})

test('delivery thread: the identity can change while it runs', async () => {
  await using at = await delivering()
  at.thread.identify({ ...identity, userAgent: 'Sendoff/1 (+http://here/abuse)' })
  await finish(at, sendsTo(at.receiver.url(), 1), true)
  const [request] = await at.receiver.received(1)
  assert.equal(headerOf(request!.headers, 'user-agent'), 'Sendoff/1 (+http://here/abuse)')
})

test('delivery thread: what found no room is taken as room comes free, without the poll', async () => {
  await using at = await delivering()
  const url = at.receiver.url()
  const full = Array.from({ length: limits.laneCapacity }, () => originOf(url))
  at.thread.reserve(FIRST_ACCOUNT, full.slice(1))
  at.receiver.script = () => ({ delayMs: 100 })
  const gaps: number[] = []
  for (let round = 1; round <= 4; round++) {
    await finish(at, sendsTo(url, 1), true)
    assert.deepEqual(at.thread.reserve(FIRST_ACCOUNT, [originOf(url)]), [false])
    await finish(at, sendsTo(url, 1), false)
    await at.hinted(2 * round)
    const [first, second] = at.receiver.requests.slice(-2)
    gaps.push(second!.at - first!.at)
  }
  // After the first, a round that had waited for the poll would be followed by one of a second.
  assert.ok(Math.min(...gaps.slice(1)) < 700, `${gaps.join()} ms`)
})

test('[168] delivery thread: stop lets what is in flight end', async () => {
  await using at = await delivering()
  at.receiver.script = () => ({ delayMs: 100 })
  const eventId = await finish(at, sendsTo(at.receiver.url(), 50), true)
  await at.thread.stop()
  const detail = await at.store.inspect.event(FIRST_ACCOUNT, eventId)
  assert.equal(detail?.dest.delivered, 50)
  assert.deepEqual(at.thread.reserve(FIRST_ACCOUNT, [at.receiver.origin]), [false])
})

test('delivery thread: what goes on at a destination is told over the line', async () => {
  await using at = await delivering()
  await finish(at, sendsTo(at.receiver.url(), 3), true)
  await at.hinted(3)
  const lane = laneKey(FIRST_ACCOUNT, at.receiver.origin)
  const [activity, none] = await at.thread.activity([lane, '1 http://nobody:80'])
  assert.equal(activity!.recent.delivered, 3)
  assert.equal(none, null)
})

test('delivery thread: a paused destination has no places on either side of the line', async () => {
  await using at = await delivering()
  const { origin } = at.receiver
  await finish(at, sendsTo(at.receiver.url(), 1), true)
  await at.hinted(1)
  await at.store.changeDestination(FIRST_ACCOUNT, origin, { paused: true })
  await at.thread.syncDestinations()
  assert.deepEqual(at.thread.reserve(FIRST_ACCOUNT, [origin]), [false])
  await at.store.changeDestination(FIRST_ACCOUNT, origin, { paused: false })
  await at.thread.syncDestinations()
  assert.deepEqual(at.thread.reserve(FIRST_ACCOUNT, [origin]), [true])
})

test('delivery thread: a destination that is paused at the start has no places', async () => {
  await using at = await delivering()
  const { origin } = at.receiver
  await finish(at, sendsTo(at.receiver.url(), 1), true)
  await at.hinted(1)
  await at.store.changeDestination(FIRST_ACCOUNT, origin, { paused: true })
  const thread = await at.startThread()
  assert.deepEqual(thread.reserve(FIRST_ACCOUNT, [origin]), [false])
})

/** A line to the store on which, while `isAway`, nobody reads what is set of destinations. */
function lineOf({ isAway }: { isAway: () => boolean }): Wire {
  return (port) => {
    const { port1, port2 } = new MessageChannel()
    const reason = 'the disk is full'
    port2.on('message', (message: JobMessage) => {
      const [kind, id] = message.jobs[0]!
      if (kind !== 'syncDestinations' || !isAway()) return port.postMessage(message)
      const answer: Answer = [
        id,
        { kind: 'app', code: 'store_unavailable', values: { reason } },
        undefined,
      ]
      port2.postMessage([answer])
    })
    port.on('message', (answers) => port2.postMessage(answers))
    port2.on('close', () => port.close())
    return port1
  }
}

test('delivery thread: a change of settings that comes while the store is away ends nothing', async () => {
  let isAway = false
  await using at = await delivering(noSecrets, nothingSealed, lineOf({ isAway: () => isAway }))
  isAway = true
  await Promise.race([at.thread.syncDestinations(), at.died.then((error) => assert.fail(error))])
  isAway = false
  await finish(at, sendsTo(at.receiver.url(), 1), true)
  await at.hinted(1)
})

test('delivery thread: a pause whose hint was lost costs a poll', async () => {
  await using at = await delivering()
  const { origin } = at.receiver
  await finish(at, sendsTo(at.receiver.url(), 1), true)
  await at.hinted(1)
  await at.store.changeDestination(FIRST_ACCOUNT, origin, { paused: true })
  const hasRoom = () => {
    const [fits] = at.thread.reserve(FIRST_ACCOUNT, [origin])
    if (fits) at.thread.release(FIRST_ACCOUNT, [origin])
    return fits
  }
  await until(() => !hasRoom())
})

test('delivery thread: when it dies, that is told, and stop does not wait for it', async () => {
  await using at = await delivering()
  at.thread.offer([{ ...taskTo(at.receiver.url()), origin: 'no origin' }])
  assert.match(String(await at.died), /Invalid URL/)
  await at.thread.stop()
})

const responseOf = async (at: Awaited<ReturnType<typeof delivering>>, eventId: string) =>
  (await at.store.inspect.event(FIRST_ACCOUNT, eventId))!.deliveries[0]!.attempts[0]!.response!

test('[220] delivery thread: values are masked from the first attempt on, and new ones from their hint on', async () => {
  let secrets = ['first-canary']
  await using at = await delivering({ of: async () => ({ secrets }) })
  at.receiver.script = () => ({ body: 'first-canary second-canary' })
  const first = await finish(at, sendsTo(at.receiver.url(), 1), true)
  await at.hinted(1)
  assert.equal(String(Buffer.from((await responseOf(at, first)).body)), '•••• second-canary')
  secrets = ['first-canary', 'second-canary']
  at.change(FIRST_ACCOUNT)
  const second = await finish(at, sendsTo(at.receiver.url(), 1), true)
  await at.hinted(2)
  assert.equal(String(Buffer.from((await responseOf(at, second)).body)), '•••• ••••')
})

test('delivery thread: an attempt whose mask cannot be had is delivered, and kept without what was said', async () => {
  await using at = await delivering({ of: () => Promise.reject(new Error('its key is gone')) })
  at.receiver.script = () => ({ body: 'some-canary', headers: { 'x-echo': 'some-canary' } })
  const eventId = await finish(at, sendsTo(at.receiver.url('/some-canary'), 1), true)
  await at.hinted(1)
  const detail = (await at.store.inspect.event(FIRST_ACCOUNT, eventId))!
  assert.equal(detail.dest.delivered, 1)
  const { request, response } = detail.deliveries[0]!.attempts[0]!
  assert.equal(request, null)
  const { status, headers, body, size, truncated, redacted } = response!
  assert.deepEqual(
    { status, headers, kept: body.length, size, truncated, redacted },
    { status: 200, headers: [], kept: 0, size: 11, truncated: true, redacted: 'withheld' },
  )
  assert.deepEqual(at.unopened, [
    { about: 'secrets', accountId: FIRST_ACCOUNT, reason: 'its key is gone' },
  ])
})

const sealed = { bytes: Uint8Array.of(1, 2, 3), bodySize: 4 }

test('delivery thread: what waited sealed is opened for its attempt, and masked in what is kept of it', async () => {
  await using at = await delivering(noSecrets, {
    open: (accountId, id, bytes) => {
      assert.deepEqual([accountId, [...bytes]], [FIRST_ACCOUNT, [1, 2, 3]])
      return { url: at.receiver.url('/opened'), headers: [['authorization', `Bearer ${id}`]] }
    },
  })
  at.receiver.script = ({ headers }) => ({ body: headerOf(headers, 'authorization')! })
  const eventId = await finish(at, sendsTo(at.receiver.url('/shown'), 1), false, sealed)
  at.thread.wake()
  await at.hinted(1)
  const [request] = at.receiver.requests
  const [delivery] = (await at.store.inspect.event(FIRST_ACCOUNT, eventId))!.deliveries
  assert.equal(request!.url, '/opened')
  assert.equal(headerOf(request!.headers, 'authorization'), `Bearer ${delivery!.id}`)
  assert.equal(request!.body.toString(), '0')
  assert.equal(String(Buffer.from((await responseOf(at, eventId)).body)), '••••')
})

test('delivery thread: a request that does not open fails, and says so; it stays to be sent again', async () => {
  let isKeyThere = false
  await using at = await delivering(noSecrets, {
    open: () => {
      if (!isKeyThere) throw new Error('Cannot open the request: it is sealed')
      return { url: at.receiver.url('/opened'), headers: [] }
    },
  })
  const eventId = await finish(at, sendsTo(at.receiver.url('/shown'), 1), false, sealed)
  at.thread.wake()
  await at.hinted(1)
  const read = async () => (await at.store.inspect.event(FIRST_ACCOUNT, eventId))!.deliveries[0]!
  const { status, code, attempts } = await read()
  assert.deepEqual([status, code, at.receiver.requests.length], ['failed', 'protocol', 0])
  assert.deepEqual(attempts[0]!.error, {
    message: 'Cannot open the request: it is sealed',
    detail: 'request_unreadable',
  })
  isKeyThere = true
  await at.store.redeliver(FIRST_ACCOUNT, { eventId, step: 0, index: 0 })
  at.thread.wake()
  await at.hinted(2)
  assert.equal((await read()).status, 'delivered')
})
