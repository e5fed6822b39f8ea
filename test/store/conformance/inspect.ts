/** What the Inspector shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewEvent } from '../../../src/model/event.ts'
import type { EventFilter, EventRow } from '../../../src/store/inspect.ts'
import type { Store } from '../../../src/store/store.ts'
import {
  bytes,
  delivery,
  event,
  outcome,
  request,
  run,
  settlement,
} from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { hasCode, onStore } from './opened-store.ts'

const START = 1_800_000_000_000
const at = (n: number, over: Partial<NewEvent> = {}) => event({ receivedAt: START + n, ...over })
const body = (text: string) => request({ body: bytes(text) })

/** What the pages of a filter bring, which is what counting it says. */
async function listed(store: Store, filter: EventFilter, limit = 50): Promise<string[]> {
  const found: string[] = []
  let cursor: string | null = null
  do {
    const page = await store.inspect.listEvents(1, 'wf_a', filter, limit, cursor)
    assert.ok(page.data.length <= limit)
    found.push(...page.data.map((row) => row.id))
    cursor = page.nextCursor
  } while (cursor !== null)
  const { count, isExact } = await store.inspect.countEvents(1, 'wf_a', filter)
  assert.ok(isExact ? count === found.length : count <= found.length, `counted ${count}`)
  return found
}

export function inspectConformance(name: string, open: Open): void {
  test(
    `${name} list: newest first, in pages that neither miss nor repeat, of one workflow alone`,
    onStore(open, async (store) => {
      const own = Array.from({ length: 23 }, (_, n) => at(Math.floor(n / 4)))
      await store.admit([...own, at(9, { workflowId: 'wf_b' }), at(9, { accountId: 2 })])
      const expected = own
        .toSorted((a, b) => b.receivedAt - a.receivedAt || (a.id < b.id ? 1 : -1))
        .map((one) => one.id)
      for (const limit of [1, 5, 23, 50]) assert.deepEqual(await listed(store, {}, limit), expected)
      const full = await store.inspect.listEvents(1, 'wf_a', {}, 23, null)
      assert.equal(full.nextCursor, null)
    }),
  )

  test(
    `${name} list: a row shows the run, its message and its Dest`,
    onStore(open, async (store) => {
      const [ended, queued] = [at(1, { replayOf: 'evt_x' }), at(2, { leased: false })]
      await store.admit([ended, queued])
      const three = [0, 1, 2].map((index) => delivery({}, { index }))
      const over = { status: 'ended', message: '$end: enough', durationMs: 12.5 } as const
      await store.finish(run(ended, { outcome: outcome(over) }), three)
      await store.settle([
        settlement(ended),
        settlement(ended, { index: 1, status: 'blocked', code: 'blocked' }),
      ])
      const { data } = await store.inspect.listEvents(1, 'wf_a', {}, 50, null)
      assert.deepEqual(data, [
        {
          id: queued.id,
          receivedAt: START + 2,
          method: 'POST',
          path: '/orders',
          status: 'queued',
          version: 1,
          durationMs: null,
          message: null,
          dest: { delivered: 0, total: 0, failed: 0 },
          replayOf: null,
          error: null,
        },
        {
          id: ended.id,
          receivedAt: START + 1,
          method: 'POST',
          path: '/orders',
          status: 'ended',
          version: 1,
          durationMs: 12.5,
          message: '$end: enough',
          dest: { delivered: 1, total: 3, failed: 1 },
          replayOf: 'evt_x',
          error: null,
        },
      ])
    }),
  )

  test(
    `${name} inspect: a run, its sends and its Dest appear together, whoever looks meanwhile`,
    onStore(open, async (store) => {
      const events = Array.from({ length: 200 }, (_, n) => at(n))
      await store.admit(events)
      const sends = [0, 1, 2].map((index) => delivery({}, { index }))
      const finishing = (async () => {
        for (const one of events) await store.finish(run(one), sends)
      })()
      for (let running: EventRow | undefined, isFirst = true; isFirst || running; isFirst = false) {
        const { data } = await store.inspect.listEvents(1, 'wf_a', {}, 200, null)
        const halves = data.filter((row) => (row.status === 'succeeded') !== (row.dest.total === 3))
        assert.deepEqual(halves, [])
        running = data.findLast((row) => row.status === 'running')
        const found = (await store.inspect.event(1, running?.id ?? events[0]!.id))!
        const total = found.run!.status === 'succeeded' ? 3 : 0
        assert.deepEqual([found.deliveries.length, found.dest.total], [total, total])
      }
      await finishing
    }),
  )

  test(
    `${name} list: filters by status, version, time and delivery, alone and together`,
    onStore(open, async (store) => {
      const [done, failed, running, queued] = [
        at(1),
        at(2, { version: 2 }),
        at(3, { version: 2 }),
        at(4, { leased: false }),
      ] as const
      await store.admit([done, failed, running, queued])
      await store.finish(run(done), [delivery()])
      await store.settle([settlement(done)])
      await store.finish(run(failed, { outcome: outcome({ status: 'failed' }) }), [
        delivery(),
        delivery({}, { index: 1 }),
      ])
      const ids = (...events: NewEvent[]) => events.map((one) => one.id)
      assert.deepEqual(await listed(store, { status: 'succeeded' }), ids(done))
      assert.deepEqual(await listed(store, { status: 'running' }), ids(running))
      assert.deepEqual(await listed(store, { status: 'queued' }), ids(queued))
      assert.deepEqual(await listed(store, { version: 2 }), ids(running, failed))
      assert.deepEqual(await listed(store, { before: START + 3 }), ids(failed, done))
      assert.deepEqual(await listed(store, { before: START + 3, after: START + 2 }), ids(failed))
      assert.deepEqual(await listed(store, { delivery: 'delivered' }), ids(done))
      assert.deepEqual(await listed(store, { delivery: 'sending' }), ids(failed))
      const both: EventFilter = { version: 2, status: 'failed', delivery: 'sending', q: 'hello' }
      assert.deepEqual(await listed(store, both), ids(failed))
      assert.deepEqual(await listed(store, { ...both, before: START + 2 }), [])
    }),
  )

  test(
    `${name} search: case-insensitive, partial, over every field name and value`,
    onStore(open, async (store) => {
      const stored = at(1, {
        request: request({
          uri: '/t/key/orders?Colour=teal',
          headers: [['X-Shop-Id', 'Überall']],
          body: bytes('{"order":{"Customer":"Straße 4","tags":["vip",7042,null,true]}}'),
        }),
      })
      await store.admit([stored, at(2, { request: body('{"other":1}') })])
      for (const q of [
        'customer',
        'STRASSE',
        'straße',
        'vIp',
        '704',
        'x-shop',
        'überall',
        'ÜBER',
        'colour',
        'teal',
      ])
        assert.deepEqual(await listed(store, { q }), [stored.id], q)
      assert.deepEqual(await listed(store, { q: 'nowhere' }), [])
      assert.deepEqual(await listed(store, { q: '%' }), [])
    }),
  )

  test(
    `[220] ${name} search: what is hidden is not found, listed or counted, nor any part of it`,
    onStore(open, async (store) => {
      const body = bytes('{"token":"hidden-canary-4f1d","name":"Ada"}')
      const accepted = event({ request: request({ body }) })
      await store.admit([accepted])
      const hidden = ['hidden-canary-4f1d']
      for (const q of ['hidden-canary-4f1d', 'canary', 'HIDDEN-C', '4f1d']) {
        assert.deepEqual(await listed(store, { q }), [accepted.id])
        assert.deepEqual(await listed(store, { q, hidden }), [], q)
        const { count } = await store.inspect.countEvents(1, 'wf_a', { q, hidden })
        assert.equal(count, 0)
      }
      assert.deepEqual(await listed(store, { q: 'ada', hidden }), [accepted.id])
    }),
  )

  test(
    `${name} search: a call looks at a bounded number of events, and its cursor goes on`,
    onStore(open, async (store) => {
      const needle = at(0, { request: body('{"needle":1}') })
      const others = Array.from({ length: 6_000 }, (_, n) => at(n + 1, { request: body('{}') }))
      await store.admit([needle, ...others])
      const first = await store.inspect.listEvents(1, 'wf_a', { q: 'needle' }, 10, null)
      assert.deepEqual(first.data, [])
      assert.notEqual(first.nextCursor, null)
      assert.deepEqual(await listed(store, { q: 'needle' }), [needle.id])
    }),
  )

  test(
    `${name} list: a cursor that is not one of ours is refused`,
    onStore(open, async (store) => {
      const list = store.inspect.listEvents(1, 'wf_a', {}, 10, "'; drop table event")
      await assert.rejects(list, hasCode('invalid_request'))
    }),
  )

  test(
    `${name} inspect: [208] nothing of another account is shown`,
    onStore(open, async (store) => {
      const theirs = at(1, { accountId: 2 })
      await store.admit([theirs])
      await store.finish(run(theirs), [delivery()])
      assert.equal(await store.inspect.event(1, theirs.id), undefined)
      assert.deepEqual(await listed(store, {}), [])
      const key = { eventId: theirs.id, step: 0, index: 0 }
      assert.equal(await store.inspect.deliveryStatus(1, key), undefined)
      assert.ok(await store.inspect.deliveryStatus(2, key))
    }),
  )

  test(
    `${name} backlog: counts what has not ended and says since when`,
    onStore(open, async (store) => {
      const none = { queuedEvents: 0, pendingDeliveries: 0, oldestQueuedAt: null }
      assert.deepEqual(await store.inspect.backlog(), none)
      const events = [at(5), at(6), at(7, { accountId: 2 })] as const
      await store.admit(events)
      await store.finish(run(events[0]), [delivery({ leased: false }), delivery({}, { index: 1 })])
      assert.deepEqual(await store.inspect.backlog(), {
        queuedEvents: 2,
        pendingDeliveries: 2,
        oldestQueuedAt: START + 6,
      })
    }),
  )
}
