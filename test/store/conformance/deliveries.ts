/** The list of deliveries over all workflows, and the figures. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IdSource } from '../../../src/clock.ts'
import type { NewEvent } from '../../../src/model/event.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import { bucketsOf } from '../../../src/model/series.ts'
import type { DeliveryFilter } from '../../../src/store/inspect.ts'
import type { Store } from '../../../src/store/store.ts'
import {
  attempt,
  definition,
  delivery,
  event,
  HeldClock,
  outcome,
  run,
  settlement,
} from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { hasCode, onStore } from './opened-store.ts'

const START = 1_800_000_000_000
const HOUR = 3_600_000

/** An event whose id is of the instant it came in at, as those of a server are. */
function at(ms: number, over: Partial<NewEvent> = {}): NewEvent {
  const clock = new HeldClock()
  clock.at = START + ms
  return event({ id: new IdSource(clock).next('evt'), receivedAt: clock.at, ...over })
}

async function listed(store: Store, filter: DeliveryFilter, limit = 50): Promise<string[]> {
  const found: string[] = []
  let cursor: string | null = null
  do {
    const page = await store.inspect.listDeliveries(1, filter, limit, cursor)
    assert.ok(page.data.length <= limit)
    found.push(...page.data.map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== null)
  return found
}

const idsOf = (of: NewEvent, ...indexes: number[]): string[] =>
  indexes.map((index) => deliveryId(of.id, 0, index))

const sends = (count: number) =>
  Array.from({ length: count }, (_, index) => delivery({}, { index }))

export function deliveriesConformance(name: string, open: Open): void {
  test(
    `${name} deliveries: newest event first, in pages that neither miss nor repeat`,
    onStore(open, async (store) => {
      const counts = [2, 0, 1, 7, 0, 0, 3, 12, 0]
      const events = counts.map((_, n) => at(n, n % 2 ? { workflowId: 'wf_b' } : {}))
      const theirs = at(3, { accountId: 2 })
      await store.admit([...events, theirs])
      for (const [n, one] of events.entries()) await store.finish(run(one), sends(counts[n]!))
      await store.finish(run(theirs), sends(2))
      const every = (...of: NewEvent[]): string[] =>
        of.toReversed().flatMap((one) => {
          const count = counts[events.indexOf(one)]!
          return idsOf(one, ...Array.from({ length: count }, (_, i) => count - 1 - i))
        })
      const ofB = events.filter(({ workflowId }) => workflowId === 'wf_b')
      for (const limit of [1, 2, 3, 5, 50]) {
        assert.deepEqual(await listed(store, {}, limit), every(...events), `${limit}`)
        const mine = await listed(store, { workflowId: 'wf_b' }, limit)
        assert.deepEqual(mine, every(...ofB), `wf_b, ${limit}`)
      }
    }),
  )

  test(
    `${name} deliveries: a row tells of its event, its request and its last attempt`,
    onStore(open, async (store) => {
      const one = at(5)
      await store.admit([one])
      await store.finish(run(one), sends(2))
      const error = { message: 'No answer within 15,000 ms', detail: null }
      const failed = attempt({ outcome: 'failed', code: 'timeout', response: null, error })
      await store.settle([settlement(one, { status: 'failed', code: 'timeout', attempt: failed })])
      const { data, nextCursor } = await store.inspect.listDeliveries(1, {}, 50, null)
      assert.equal(nextCursor, null)
      const common = {
        eventId: one.id,
        workflowId: 'wf_a',
        step: 'nodejs',
        method: 'POST',
        url: 'https://dest.example/hook',
        origin: 'https://dest.example:443',
        receivedAt: START + 5,
        attempts: 1,
      }
      const last = { startedAt: 1_800_000_000_002, outcome: 'failed', status: null, totalMs: 6 }
      assert.equal(typeof data[0]!.dueAt, 'number')
      assert.deepEqual(data, [
        {
          ...common,
          id: deliveryId(one.id, 0, 1),
          index: 1,
          status: 'sending',
          code: null,
          dueAt: data[0]!.dueAt,
          last: null,
        },
        {
          ...common,
          id: deliveryId(one.id, 0, 0),
          index: 0,
          status: 'failed',
          code: 'timeout',
          dueAt: null,
          last: { ...last, error: error.message },
        },
      ])
    }),
  )

  test(
    `${name} deliveries: filters by workflow, status, code, destination, text and time`,
    onStore(open, async (store) => {
      const [a, b, c] = [at(0), at(10, { workflowId: 'wf_b' }), at(20)] as const
      await store.admit([a, b, c])
      const other = delivery(
        { origin: 'http://other.example' },
        { index: 1, url: 'http://other.example/Up', stepName: 'slack' },
      )
      for (const one of [a, b, c]) await store.finish(run(one), [delivery(), other])
      await store.settle([
        settlement(a),
        settlement(b, { status: 'failed', code: 'reset' }),
        settlement(c, { status: 'blocked', code: 'blocked' }),
      ])
      const firsts = (...of: NewEvent[]) => of.flatMap((one) => idsOf(one, 0))
      const seconds = (...of: NewEvent[]) => of.flatMap((one) => idsOf(one, 1))
      assert.deepEqual(await listed(store, { status: 'delivered' }), firsts(a))
      assert.deepEqual(await listed(store, { status: 'failed' }), firsts(b))
      assert.deepEqual(await listed(store, { status: 'sending' }), seconds(c, b, a))
      assert.deepEqual(await listed(store, { status: 'failed', workflowId: 'wf_a' }), [])
      assert.deepEqual(await listed(store, { status: 'blocked', workflowId: 'wf_a' }), firsts(c))
      assert.deepEqual(await listed(store, { status: 'sending', workflowId: 'wf_b' }), seconds(b))
      assert.deepEqual(await listed(store, { code: 'reset' }), firsts(b))
      assert.deepEqual(await listed(store, { origin: 'http://other.example' }), seconds(c, b, a))
      assert.deepEqual(await listed(store, { q: 'EXAMPLE/up' }), seconds(c, b, a))
      assert.deepEqual(await listed(store, { q: 'Slack' }), seconds(c, b, a))
      assert.deepEqual(await listed(store, { q: '%' }), [])
      const recent = { after: START + 10, before: START + 20 }
      assert.deepEqual(await listed(store, recent), [...seconds(b), ...firsts(b)])
      assert.deepEqual(await listed(store, { ...recent, workflowId: 'wf_a' }), [])
      assert.deepEqual(await listed(store, { status: 'failed', before: START + 10 }), [])
    }),
  )

  test(
    `${name} deliveries: a cursor that is not one of ours is refused, one of a deleted event goes on`,
    onStore(open, async (store) => {
      const bad = store.inspect.listDeliveries(1, {}, 10, 'x')
      await assert.rejects(bad, hasCode('invalid_request'))
      const one = at(1)
      await store.admit([one])
      await store.finish(run(one), sends(1))
      const gone = deliveryId(at(2).id, 0, 0)
      for (const filter of [{}, { workflowId: 'wf_a' }]) {
        const { data } = await store.inspect.listDeliveries(1, filter, 10, gone)
        assert.deepEqual(
          data.map(({ id }) => id),
          idsOf(one, 0),
        )
      }
    }),
  )

  test(
    `${name} stats: each bucket tells what became of the events that came in during it`,
    onStore(open, async (store) => {
      const [done, failed, waiting, refused, theirs] = [
        at(1_000),
        at(2_000),
        at(HOUR + 1_000, { leased: false, workflowId: 'wf_b' }),
        at(HOUR + 2_000, { error: { code: 'body_too_large', message: 'too large' } }),
        at(1_000, { accountId: 2 }),
      ] as const
      await store.admit([done, failed, waiting, refused, theirs])
      const startedAt = START + 1_030
      await store.finish(run(done, { outcome: outcome({ startedAt, durationMs: 7 }) }), sends(2))
      await store.finish(run(failed, { outcome: outcome({ status: 'failed' }) }), [])
      await store.settle([settlement(done)])
      const buckets = bucketsOf(START, START + 2 * HOUR, 72)!
      const stats = await store.inspect.stats(1, null, buckets)
      assert.equal(stats.length, buckets.count)
      const told = stats.filter(({ events }) => events > 0)
      assert.deepEqual(
        told.map(({ events }) => events),
        [2, 2],
      )
      const [first, second] = told
      assert.ok(told.every(({ isExact }) => isExact))
      assert.deepEqual(first!.runs, { succeeded: 1, failed: 1 })
      assert.deepEqual(first!.deliveries, { delivered: 1, sending: 1 })
      assert.deepEqual(first!.deliveryMs, { p50: 6, p95: 6, p99: 6 })
      assert.equal(first!.delayMs!.p99, 30)
      assert.equal(first!.runMs!.p99, 7)
      assert.deepEqual([second!.runs, second!.refused], [{ queued: 1 }, 1])
      const ofB = await store.inspect.stats(1, 'wf_b', buckets)
      assert.deepEqual(
        ofB.filter(({ events }) => events > 0).map(({ runs }) => runs),
        [{ queued: 1 }],
      )
    }),
  )

  test(
    `${name} stats: of many events all are counted, and a sample tells what became of them`,
    onStore(open, async (store) => {
      const events = Array.from({ length: 1_000 }, (_, n) => at(n * 3_000))
      await store.admit(events)
      await Promise.all(
        events.map((one, n) =>
          store.finish(
            run(one, { outcome: outcome({ status: n % 4 ? 'succeeded' : 'failed' }) }),
            [],
          ),
        ),
      )
      const buckets = { from: START, widthMs: HOUR, count: 1 }
      const [bucket] = await store.inspect.stats(1, null, buckets)
      assert.equal(bucket!.events, 1_000)
      assert.equal(bucket!.isExact, false)
      const { succeeded, failed } = bucket!.runs
      assert.ok(Math.abs(succeeded! + failed! - 1_000) <= 1)
      assert.ok(failed! > 150 && failed! < 350, `${failed}`)
    }),
  )

  test(
    `${name} activity: the last day by the hour, and what went wrong last, of each workflow`,
    onStore(open, async (store, { clock }) => {
      const ids = new IdSource(clock)
      const [quiet, busy] = [ids.next('wf'), ids.next('wf')]
      for (const id of [quiet, busy]) await store.createWorkflow(1, id, `key_${id}`, definition())
      const now = START + 24 * HOUR
      const [early, late] = [at(10, { workflowId: busy }), at(23 * HOUR + 10, { workflowId: busy })]
      await store.admit([at(-10, { workflowId: busy, leased: false }), early, late])
      await store.finish(run(early, { outcome: outcome({ status: 'failed' }) }), [])
      await store.finish(run(late), [])
      const { data, nextCursor } = await store.inspect.activity(1, now, 50, null)
      assert.equal(nextCursor, null)
      const of = (id: string) => data.find(({ workflowId }) => workflowId === id)!
      assert.deepEqual(of(quiet), {
        workflowId: quiet,
        hours: Array.from({ length: 24 }, () => 0),
        looked: 0,
        failed: 0,
        lastEventAt: null,
        lastError: null,
      })
      const { hours, looked, failed, lastEventAt, lastError } = of(busy)
      assert.deepEqual([hours[0], hours[23], hours.reduce((a, b) => a + b)], [1, 1, 2])
      assert.deepEqual(
        [looked, failed, lastEventAt, lastError!.id],
        [3, 1, late.receivedAt, early.id],
      )
      assert.deepEqual((await store.inspect.activity(2, now, 50, null)).data, [])
    }),
  )
}
