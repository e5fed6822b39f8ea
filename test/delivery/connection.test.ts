/** Kept-alive connections: reused while fit, replaced when not, and no dial is forgotten. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { attempt } from '../../src/delivery/attempt.ts'
import { Lane } from '../../src/delivery/lane.ts'
import type { Egress } from '../../src/egress/egress.ts'
import type { Attempt, DeliveryTask } from '../../src/model/delivery.ts'
import { ATTEMPT_DEPS, loopbackEgress, taskTo } from '../support/delivery-task.ts'
import { startReceiver } from '../support/receiver.ts'
import type { Script } from '../support/receiver.ts'
import { until } from '../support/until.ts'

async function inLane(script?: Script, egress: Egress = loopbackEgress()) {
  const receiver = await startReceiver(script)
  let aheadMs = 0
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs }
  const deps = { ...ATTEMPT_DEPS, egress, clock }
  const lane = new Lane(deps, 'lane', receiver.origin)
  return {
    receiver,
    lane,
    letPass: (ms: number) => (aheadMs += ms),
    async attempt(task: DeliveryTask = taskTo(receiver.url())): Promise<Attempt> {
      const route = lane.route()
      const attempted = await attempt(deps, task, route.connect)
      await route.end()
      return attempted.attempt
    },
    async [Symbol.asyncDispose]() {
      lane.close()
      await receiver.close()
    },
  }
}

test('connection: one that the destination closed while idle is replaced, and nothing fails', async () => {
  const body = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
  await using at = await inLane(() => ({
    raw: body,
    trickle: { everyMs: 20, raw: [''] },
    end: 'close',
  }))
  for (let i = 0; i < 3; i++) {
    assert.equal((await at.attempt()).outcome, 'delivered')
    await until(() => at.receiver.open === 0)
  }
  assert.equal(at.receiver.connections, 3)
})

test('connection: a destination that closes each after its answer, unannounced, fails none', async () => {
  const raw = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
  await using at = await inLane(() => ({ raw, end: 'close' }))
  const outcomes: string[] = []
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 12; i++) outcomes.push((await at.attempt()).outcome)
    }),
  )
  assert.deepEqual(new Set(outcomes), new Set(['delivered']))
  assert.equal(outcomes.length, 96)
  assert.equal(at.receiver.connections, 96)
})

test('connection: a request that is lost with a kept one is not repeated, and the next go by new ones', async () => {
  await using at = await inLane((_, count) => (count === 2 ? { end: 'close' } : {}))
  assert.equal((await at.attempt()).outcome, 'delivered')
  assert.equal((await at.attempt()).code, 'reset')
  assert.equal(at.receiver.requests.length, 2)
  assert.equal(at.receiver.connections, 1)
  const raw = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
  at.receiver.script = () => ({ raw, end: 'close' })
  for (let i = 0; i < 10; i++) assert.equal((await at.attempt()).outcome, 'delivered')
  assert.equal(at.receiver.connections, 11)
})

test('[56] connection: after a minute the destination is resolved and dialled anew', async () => {
  await using at = await inLane()
  await at.attempt()
  await at.attempt()
  assert.equal(at.receiver.connections, 1)
  at.letPass(61_000)
  assert.equal((await at.attempt()).outcome, 'delivered')
  assert.equal(at.receiver.connections, 2)
})

test('connection: after a fault it is not used again', async () => {
  await using at = await inLane(({ url }) => (url === '/hang' ? { end: 'hang' } : {}))
  const hanging = taskTo(at.receiver.url('/hang'), { timeoutMs: 200 })
  assert.equal((await at.attempt(hanging)).code, 'timeout')
  assert.equal((await at.attempt()).outcome, 'delivered')
  assert.equal(at.receiver.connections, 2)
})

test('connection: Connection: close is honoured', async () => {
  await using at = await inLane(() => ({ headers: { connection: 'close' } }))
  await at.attempt()
  assert.equal((await at.attempt()).outcome, 'delivered')
  assert.equal(at.receiver.connections, 2)
})

test('lane: a route ends only when its dial has, though its attempt ran out of time before', async () => {
  const dial = Promise.withResolvers<void>()
  const egress = loopbackEgress()
  const slow: Egress = {
    ...egress,
    connector: (target, callback) =>
      void dial.promise.then(() => egress.connector(target, callback)),
  }
  await using at = await inLane(undefined, slow)
  let ended = false
  const attempted = at.attempt(taskTo(at.receiver.url(), { timeoutMs: 20 })).then((attempt) => {
    ended = true
    return attempt
  })
  await delay(100)
  assert.equal(ended, false)
  dial.resolve()
  assert.equal((await attempted).code, 'timeout')
  await delay(20)
  assert.equal(at.receiver.requests.length, 0)
})
