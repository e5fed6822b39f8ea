/** The dispatcher with real receivers: lanes, fairness, overflow, settlement and drain. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { AppError } from '../../src/errors.ts'
import type { Settlement } from '../../src/model/delivery.ts'
import { limits } from '../../src/model/limits.ts'
import { loopbackEgress, taskTo } from '../support/delivery-task.ts'
import { dispatching, many, send } from '../support/dispatching.ts'
import { until } from '../support/until.ts'

test('dispatcher: a delivery is attempted, settled and hinted at', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver()
  const task = taskTo(receiver.url())
  send(at.dispatcher, at.store, [task])
  const [settled] = await at.store.settledAtLeast(1)
  const { accountId, eventId, workflowId } = task
  assert.equal(settled?.eventId, eventId)
  assert.deepEqual(
    [settled.status, settled.code, settled.dueAt, settled.attempt.number],
    ['delivered', null, null, 1],
  )
  await delay(0)
  assert.deepEqual(at.hints, [
    { kind: 'delivery', accountId, workflowId, eventId, deliveryId: task.id },
  ])
})

test('dispatcher: no retries by default', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver(() => ({ status: 503 }))
  send(at.dispatcher, at.store, [taskTo(receiver.url())])
  const [settled] = await at.store.settledAtLeast(1)
  assert.deepEqual(
    [settled?.status, settled?.code, settled?.dueAt],
    ['failed', 'http_status', null],
  )
})

test('lane: at most 32 requests of one destination are in flight', async () => {
  await using at = await dispatching()
  let now = 0
  let most = 0
  const full = Promise.withResolvers<void>()
  const receiver = await at.receiver(async () => {
    most = Math.max(most, ++now)
    if (now === limits.laneConcurrency) full.resolve()
    await full.promise
    await delay(20)
    now--
    return {}
  })
  send(at.dispatcher, at.store, many(200, receiver.url()))
  await at.store.settledAtLeast(200)
  assert.equal(most, limits.laneConcurrency)
})

test('lane: deliveries start in the order they came', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver()
  const tasks = Array.from({ length: 100 }, (_, i) => taskTo(receiver.url(`/${i}`)))
  const startedAt = new Map<string, number>()
  send(at.dispatcher, at.store, tasks)
  for (const { attempt } of await at.store.settledAtLeast(100)) {
    startedAt.set(new URL(attempt.request!.url).pathname, attempt.startedAt)
  }
  const order = tasks.map((task) => startedAt.get(new URL(task.send.url).pathname)!)
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  )
})

test('lane: first attempts go before retries', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver(() => ({ delayMs: 5 }))
  const retry = taskTo(receiver.url('/retry'), {}, { attempt: 2 })
  const first = taskTo(receiver.url('/first'))
  send(at.dispatcher, at.store, [...Array(60).fill(retry), ...Array(60).fill(first)])
  const settled = await at.store.settledAtLeast(120)
  const startedAt = (path: string) =>
    settled
      .filter(({ attempt }) => attempt.request!.url.endsWith(path))
      .map((settlement) => settlement.attempt.startedAt)
      .toSorted((a, b) => a - b)
  // The first 32 retries were under way before the first attempts came; the rest waited for them.
  assert.ok(startedAt('/retry')[limits.laneConcurrency]! >= startedAt('/first').at(-1)!)
})

test('dispatcher: one dead or slow destination does not delay another', async () => {
  await using at = await dispatching()
  const dead = await at.receiver(() => ({ end: 'hang' }))
  const good = await at.receiver()
  send(at.dispatcher, at.store, many(500, dead.url(), { timeoutMs: 60_000 }))
  send(at.dispatcher, at.store, many(50, good.url()))
  const settled = await at.store.settledAtLeast(50)
  assert.ok(settled.every(({ status }) => status === 'delivered'))
})

test('dispatcher: a full lane leaves the rest in the store, and takes it when it has room', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver(() => ({ delayMs: 2 }))
  // It is not started, so there is no poll: only the room that comes free makes it look.
  const count = limits.laneCapacity * 3
  assert.equal(send(at.dispatcher, at.store, many(count, receiver.url())), limits.laneCapacity)
  assert.equal(at.store.waiting.length, limits.laneCapacity * 2)
  await at.store.settledAtLeast(count)
  assert.deepEqual(at.store.waiting, [])
})

test('dispatcher: a place given back can be taken again', async () => {
  await using at = await dispatching()
  const origins = Array.from({ length: limits.laneCapacity }, () => 'http://127.0.0.1:1')
  assert.ok(at.dispatcher.reserve(1, origins).every(Boolean))
  assert.deepEqual(at.dispatcher.reserve(1, origins.slice(0, 1)), [false])
  at.dispatcher.release(1, origins.slice(0, 1))
  assert.deepEqual(at.dispatcher.reserve(1, origins.slice(0, 1)), [true])
})

test('dispatcher: what waits in the store is taken when woken, at the start, and by the poll', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver()
  // It is not started, so there is no poll yet.
  at.store.waiting.push(taskTo(receiver.url('/woken')))
  at.dispatcher.wake()
  await at.store.settledAtLeast(1)
  at.store.waiting.push(taskTo(receiver.url('/start')))
  await at.dispatcher.start()
  assert.equal(at.store.waiting.length, 0)
  await receiver.received(2)
  at.store.waiting.push(taskTo(receiver.url('/poll')))
  await receiver.received(3)
})

test('dispatcher: what comes while the store is being asked is taken without the poll', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver()
  const adopt = at.store.adoptDeliveries.bind(at.store)
  const answer = Promise.withResolvers<void>()
  at.store.adoptDeliveries = async (wanted) => {
    const taken = await adopt(wanted)
    await answer.promise
    return taken
  }
  at.dispatcher.wake()
  at.store.waiting.push(taskTo(receiver.url()))
  at.dispatcher.wake()
  answer.resolve()
  await at.store.settledAtLeast(1)
})

test('dispatcher: while the store is away settlements are kept and offered again', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver()
  let refusals = 3
  at.store.onSettle = async () => {
    if (refusals-- > 0) throw new AppError('store_unavailable', { reason: 'the disk is full' })
  }
  send(at.dispatcher, at.store, many(10, receiver.url()))
  await at.store.settledAtLeast(10)
  assert.equal(at.store.settled.length, 10)
  assert.equal(receiver.requests.length, 10)
})

test('dispatcher: a settlement that the store cannot take is reported and holds up no other', async () => {
  const refused: Settlement[] = []
  await using at = await dispatching({ onFailure: (settlement) => refused.push(settlement) })
  const receiver = await at.receiver()
  at.store.onSettle = async (settlements) => {
    if (settlements.some(({ index }) => index === 3)) throw new Error('constraint')
  }
  send(at.dispatcher, at.store, many(10, receiver.url()))
  await at.store.settledAtLeast(9)
  await until(() => refused.length > 0)
  assert.deepEqual(
    refused.map(({ index }) => index),
    [3],
  )
})

test('dispatcher: what the store refuses although it is there is told, and asked for again', async () => {
  const told: string[] = []
  await using at = await dispatching({ onFault: (doing) => told.push(doing) })
  const receiver = await at.receiver()
  const adopt = at.store.adoptDeliveries.bind(at.store)
  let error: Error = new AppError('store_unavailable', { reason: 'the disk is full' })
  at.store.adoptDeliveries = () => Promise.reject(error)
  await at.dispatcher.start()
  await delay(0)
  assert.deepEqual(told, [])
  error = new Error('constraint')
  await until(() => told.length > 0)
  assert.equal(told[0], 'adopt deliveries')
  at.store.waiting.push(taskTo(receiver.url()))
  at.store.adoptDeliveries = adopt
  await at.store.settledAtLeast(1)
})

test('[168] dispatcher: stop lets attempts in flight end, and takes nothing more', async () => {
  await using at = await dispatching({ drainMs: 5_000 })
  const receiver = await at.receiver(() => ({ delayMs: 100 }))
  send(at.dispatcher, at.store, many(100, receiver.url()))
  await at.dispatcher.stop()
  assert.equal(at.store.settled.filter(({ status }) => status === 'delivered').length, 100)
  assert.deepEqual(at.dispatcher.reserve(1, [receiver.origin]), [false])
})

test('dispatcher: what has not ended when the bound of stop is reached is not settled', async () => {
  await using at = await dispatching({ drainMs: 100 })
  const receiver = await at.receiver(() => ({ end: 'hang' }))
  send(at.dispatcher, at.store, many(3, receiver.url(), { timeoutMs: 60_000 }))
  await receiver.received(3)
  await at.dispatcher.stop()
  assert.deepEqual(at.store.settled, [])
})

test('dispatcher: an attempt that failed for want of a socket here is tried again', async () => {
  const egress = loopbackEgress()
  let refusals = 1
  const { EgressError } = await import('../../src/egress/egress.ts')
  await using at = await dispatching({
    egress: {
      ...egress,
      connector: (target, callback) =>
        refusals-- > 0
          ? callback(new EgressError('reset', 'No socket', 'EMFILE', { ours: true }), null)
          : egress.connector(target, callback),
    },
  })
  const receiver = await at.receiver()
  send(at.dispatcher, at.store, [taskTo(receiver.url())])
  const [settled] = await at.store.settledAtLeast(1)
  assert.equal(settled?.status, 'pending')
  assert.ok(settled.dueAt! > Date.now())
})
