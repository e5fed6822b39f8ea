/** What a destination takes, and when: paused, capped, paced, overloaded, and its breaker. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { laneKey } from '../../src/model/destination.ts'
import type { DestinationSettings } from '../../src/model/destination.ts'
import { limits } from '../../src/model/limits.ts'
import { taskTo } from '../support/delivery-task.ts'
import { dispatching, many, send } from '../support/dispatching.ts'
import { until } from '../support/until.ts'

const unset = { accountId: 1, paused: false, concurrency: null, ratePerSecond: null }
const settings = (origin: string, over: Partial<DestinationSettings>): DestinationSettings[] => [
  { ...unset, origin, ...over },
]
const retries = (count: number, url: string) =>
  Array.from({ length: count }, (_, index) => taskTo(url, { index }, { attempt: 2 }))

test('destination: paused, nothing is sent, and what waited in memory goes back to the store', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver(() => ({ delayMs: 50 }))
  send(at.dispatcher, at.store, many(100, receiver.url()))
  at.store.settings = settings(receiver.origin, { paused: true })
  await at.dispatcher.syncDestinations()
  assert.equal(at.store.waiting.length, 100 - limits.laneConcurrency)
  assert.deepEqual(at.capacities, [[laneKey(1, receiver.origin), 0]])
  await at.store.settledAtLeast(limits.laneConcurrency)
  assert.deepEqual(at.dispatcher.reserve(1, [receiver.origin]), [false])
  at.dispatcher.take(many(1, receiver.url())) // as what was on its way when it was paused
  await until(() => at.store.waiting.length === 101 - limits.laneConcurrency)
  await at.dispatcher.start()
  assert.equal(receiver.requests.length, limits.laneConcurrency)
})

test('destination: resumed, what waits is sent in order, one at first', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver(() => ({ delayMs: 5 }))
  at.store.settings = settings(receiver.origin, { paused: true })
  await at.dispatcher.syncDestinations()
  at.store.waiting = Array.from({ length: 60 }, (_, i) => taskTo(receiver.url(`/${i}`)))
  at.store.settings = []
  await at.dispatcher.syncDestinations()
  const settled = await at.store.settledAtLeast(60)
  const started = settled
    .map(({ attempt }) => attempt)
    .toSorted((a, b) => a.startedAt - b.startedAt)
  const [first, second] = started
  assert.equal(new URL(first!.request!.url).pathname, '/0')
  assert.ok(second!.startedAt >= first!.startedAt + Math.floor(first!.timings!.totalMs) - 1)
  const numbers = receiver.requests.map(({ url }) => Number(url.slice(1)))
  numbers.forEach((number, i) => assert.ok(Math.abs(number - i) < limits.laneConcurrency))
  assert.deepEqual(at.capacities.at(-1), [laneKey(1, receiver.origin), limits.laneCapacity])
})

test('destination: paused for one account, another goes on', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver()
  at.store.settings = settings(receiver.origin, { paused: true })
  await at.dispatcher.syncDestinations()
  send(at.dispatcher, at.store, [taskTo(receiver.url(), {}, { accountId: 2 })])
  await at.store.settledAtLeast(1)
})

test('destination: its cap holds', async () => {
  await using at = await dispatching()
  let now = 0
  let most = 0
  const receiver = await at.receiver(async () => {
    most = Math.max(most, ++now)
    await new Promise((resolve) => setTimeout(resolve, 5))
    now--
    return {}
  })
  at.store.settings = settings(receiver.origin, { concurrency: 3 })
  await at.dispatcher.syncDestinations()
  send(at.dispatcher, at.store, many(40, receiver.url()))
  await at.store.settledAtLeast(40)
  assert.equal(most, 3)
  assert.equal(at.dispatcher.activity([laneKey(1, receiver.origin)])[0]!.concurrency, 3)
})

test('destination: its rate holds', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver()
  at.store.settings = settings(receiver.origin, { ratePerSecond: 50 })
  await at.dispatcher.syncDestinations()
  send(at.dispatcher, at.store, many(25, receiver.url()))
  const settled = await at.store.settledAtLeast(25)
  const started = settled.map(({ attempt }) => attempt.startedAt)
  // A burst of five may go at once; the other twenty are 20 ms apart.
  assert.ok(Math.max(...started) - Math.min(...started) >= 390)
})

test('destination: what waits goes as soon as more at once are allowed', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver(({ url }) => (url === '/slow' ? { end: 'hang' } : {}))
  at.store.settings = settings(receiver.origin, { concurrency: 1 })
  await at.dispatcher.syncDestinations()
  send(at.dispatcher, at.store, [
    taskTo(receiver.url('/slow'), { timeoutMs: 60_000 }),
    taskTo(receiver.url('/next'), { index: 1 }),
  ])
  await receiver.received(1)
  at.store.settings = settings(receiver.origin, { concurrency: 2 })
  await at.dispatcher.syncDestinations()
  await at.store.settledAtLeast(1)
})

test('destination: what waits for its turn goes as soon as a faster rate allows', async () => {
  let laterMs = 0
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs }
  await using at = await dispatching({ clock })
  const receiver = await at.receiver()
  // Of either no more than one is held ready, so it is not by its capacity that the change is noticed.
  at.store.settings = settings(receiver.origin, { ratePerSecond: 0.01 })
  await at.dispatcher.syncDestinations()
  at.dispatcher.take(many(1, receiver.url()))
  await at.store.settledAtLeast(1)
  at.dispatcher.take(many(1, receiver.url()))
  laterMs = 10_000
  at.store.settings = settings(receiver.origin, { ratePerSecond: 0.3 })
  await at.dispatcher.syncDestinations()
  await at.store.settledAtLeast(2)
})

test('destination: of a slow rate only what is sent soon waits in memory', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver()
  send(at.dispatcher, at.store, many(1, receiver.url()))
  await at.store.settledAtLeast(1)
  at.store.settings = settings(receiver.origin, { ratePerSecond: 2 })
  await at.dispatcher.syncDestinations()
  assert.equal(send(at.dispatcher, at.store, many(50, receiver.url())), 6)
  at.store.settings = settings(receiver.origin, { ratePerSecond: 1 })
  await at.dispatcher.syncDestinations()
  const [activity] = at.dispatcher.activity([laneKey(1, receiver.origin)])
  assert.ok(activity!.waiting <= 3, String(activity!.waiting))
  assert.ok(at.store.waiting.length >= 46)
  at.store.settings = []
  await at.dispatcher.syncDestinations()
  await at.store.settledAtLeast(51)
})

test('[191] destination: Retry-After of a 429 pauses the whole lane, first attempts too', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver((_, count) =>
    count === 1 ? { status: 429, headers: { 'retry-after': '2' } } : {},
  )
  send(at.dispatcher, at.store, many(1, receiver.url(), { retry: true }))
  await at.store.settledAtLeast(1, ({ status }) => status === 'pending')
  const asked = receiver.requests[0]!.at
  const lane = laneKey(1, receiver.origin)
  const activity = at.dispatcher.activity([lane])[0]!
  assert.ok(activity.retryAfter! > Date.now())
  assert.equal(send(at.dispatcher, at.store, many(5, receiver.url())), 0)
  await at.dispatcher.start()
  await at.store.settledAtLeast(5, ({ status }) => status === 'delivered')
  assert.ok(receiver.requests[1]!.at - asked > 1_900)
  assert.equal(at.dispatcher.activity([lane])[0]!.retryAfter, null)
})

test('[191] destination: without retries a Retry-After is on record, and nothing waits for it', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver((_, count) =>
    count === 1 ? { status: 429, headers: { 'retry-after': '3600' } } : {},
  )
  send(at.dispatcher, at.store, many(1, receiver.url()))
  await at.store.settledAtLeast(1, ({ status }) => status === 'failed')
  assert.equal(send(at.dispatcher, at.store, many(5, receiver.url())), 5)
  await at.store.settledAtLeast(5, ({ status }) => status === 'delivered')
})

test('destination: a short Retry-After is sat out in memory', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver((_, count) =>
    count === 1 ? { status: 503, headers: { 'retry-after': '1' } } : {},
  )
  at.store.settings = settings(receiver.origin, { concurrency: 1 })
  await at.dispatcher.syncDestinations()
  send(at.dispatcher, at.store, many(3, receiver.url(), { retry: true }))
  await at.store.settledAtLeast(2, ({ status }) => status === 'delivered')
  assert.ok(receiver.requests[1]!.at - receiver.requests[0]!.at > 900)
})

test('destination: a wait that it asked for is lifted by a person', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver((_, count) =>
    count === 1 ? { status: 503, headers: { 'retry-after': '3600' } } : {},
  )
  send(at.dispatcher, at.store, many(1, receiver.url(), { retry: true }))
  await at.store.settledAtLeast(1)
  assert.equal(send(at.dispatcher, at.store, many(2, receiver.url())), 0)
  at.dispatcher.lift(laneKey(1, receiver.origin))
  await at.store.settledAtLeast(2, ({ status }) => status === 'delivered')
})

test('destination: 503s bring it down to fewer at once, answers up again', async () => {
  await using at = await dispatching()
  let status = 503
  const receiver = await at.receiver(() => ({ status }))
  const concurrency = () => at.dispatcher.activity([laneKey(1, receiver.origin)])[0]!.concurrency
  send(at.dispatcher, at.store, many(60, receiver.url()))
  await at.store.settledAtLeast(60)
  const low = concurrency()
  assert.ok(low <= 8, String(low))
  status = 200
  send(at.dispatcher, at.store, many(100, receiver.url()))
  await at.store.settledAtLeast(160)
  assert.ok(concurrency() >= low + 3, `${low}, then ${concurrency()}`)
})

test('[189] destination: after ten failures in a row retries wait in the store; first attempts go on', async () => {
  await using at = await dispatching()
  let status = 500
  const receiver = await at.receiver(() => ({ status }))
  const lane = laneKey(1, receiver.origin)
  send(at.dispatcher, at.store, many(10, receiver.url('/first')))
  await at.store.settledAtLeast(10)
  const { breaker } = at.dispatcher.activity([lane])[0]!
  assert.equal(breaker.state, 'open')
  assert.ok(breaker.until! > Date.now() + 20_000)
  at.dispatcher.take(retries(20, receiver.url('/retry')))
  await until(() => at.store.waiting.length === 20)
  at.dispatcher.wake()
  await until(() => at.store.adoptions.at(-1)?.retries?.[lane] === 0)
  status = 200
  send(at.dispatcher, at.store, many(1, receiver.url('/first')))
  await at.store.settledAtLeast(31)
  assert.equal(receiver.requests[11]!.url, '/retry', 'it got through, so the retries may go')
  assert.equal(at.dispatcher.activity([lane])[0]!.breaker.state, 'closed')
})

test('[192] destination: retries come one at first, and more as they get through', async () => {
  await using at = await dispatching()
  let now = 0
  const atOnce: number[] = []
  const receiver = await at.receiver(async () => {
    atOnce.push(++now)
    await new Promise((resolve) => setTimeout(resolve, 10))
    now--
    return {}
  })
  at.dispatcher.take(retries(60, receiver.url()))
  await at.store.settledAtLeast(60)
  assert.deepEqual(atOnce.slice(0, 2), [1, 1])
  atOnce.forEach((count, i) => assert.ok(count <= i + 1))
  assert.ok(Math.max(...atOnce) > 4)
})

test('[168] destination: what has not begun when the server stops goes back, and is not interrupted', async () => {
  await using at = await dispatching({ drainMs: 100 })
  const receiver = await at.receiver(() => ({ end: 'hang' }))
  send(at.dispatcher, at.store, many(50, receiver.url()))
  await receiver.received(1)
  const begun = at.dispatcher.activity([laneKey(1, receiver.origin)])[0]!.inFlight
  await at.dispatcher.stop()
  assert.equal(at.store.waiting.length, 50 - begun)
})

test('destination: how it has been lately', async () => {
  await using at = await dispatching()
  const receiver = await at.receiver((_, count) => ({ status: count === 4 ? 404 : 200 }))
  const tasks = Array.from({ length: 4 }, (_, i) => taskTo(receiver.url(`/${i}`), { index: i }))
  for (const [i, task] of tasks.entries()) {
    send(at.dispatcher, at.store, [task])
    await at.store.settledAtLeast(i + 1)
  }
  const [activity, unknown] = at.dispatcher.activity([laneKey(1, receiver.origin), '1 x'])
  assert.equal(unknown, null)
  const { recent, lastError, lastAttemptAt, breaker } = activity!
  assert.deepEqual([recent.delivered, recent.failed], [3, 1])
  assert.ok(recent.p50Ms! > 0 && recent.p95Ms! >= recent.p50Ms!)
  assert.equal(lastError!.code, 'http_status')
  assert.equal(lastError!.deliveryId, tasks[3]!.id)
  assert.ok(lastAttemptAt! <= Date.now())
  assert.equal(breaker.state, 'closed')
})
