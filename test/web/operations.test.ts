/** What the pages over all workflows make of the answers they get. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  BulkWire,
  DestinationWire,
  FiguresBucketWire,
  StatsWire,
} from '../../src/inspector/wire-operations.ts'
import type { HealthWire } from '../../src/inspector/wire-instance.ts'
import { bulkProgress } from '../../web/model/bulk-progress.ts'
import { filterOf, matchingOf } from '../../web/model/delivery-filter.ts'
import { destinationState, shownOrigin } from '../../web/model/destination-view.ts'
import { footView } from '../../web/model/foot-view.ts'
import { headlinesOf } from '../../web/model/headlines.ts'
import { instanceFacts } from '../../web/model/instance-facts.ts'
import {
  atLeastMark,
  durationMarks,
  durationSpan,
  markText,
  plotsOf,
} from '../../web/model/plots.ts'
import { withChange } from '../../web/model/search-change.ts'
import { spanOf } from '../../web/model/span.ts'
import { sparklineOf } from '../../web/model/sparkline.ts'

const bulk: BulkWire = {
  id: 'bulk_1',
  workflowId: null,
  action: 'redeliver',
  rate: 50,
  state: 'running',
  total: 1_204,
  done: 300,
  failed: 1,
  message: 'Cannot redeliver the delivery: its destination is paused, resume it first',
  createdAt: '2026-11-23T08:00:00.000Z',
  finishedAt: null,
}

test('bulk progress: says how far it is, how it ended, and why items could not be done', () => {
  const { text, share, isOver, left, problem } = bulkProgress(bulk)
  assert.equal(left, 'about 19 s left')
  assert.equal(bulkProgress({ ...bulk, total: 90_301 }).left, 'about 30 min left')
  assert.equal(text, 'Redelivering 301 of 1,204 deliveries')
  assert.equal(share, 301 / 1_204)
  assert.equal(isOver, false)
  assert.match(problem!, /^1 delivery could not be done: Cannot redeliver/)
  const quiet = { ...bulk, failed: 0, message: null }
  assert.equal(bulkProgress({ ...quiet, state: 'counting', total: null }).share, null)
  assert.equal(bulkProgress({ ...quiet, state: 'canceled' }).text, 'Canceled after 300 deliveries')
  const replay = { ...quiet, action: 'replay', state: 'done', done: 1, total: 1 } as const
  assert.deepEqual(bulkProgress(replay), {
    text: 'Replayed 1 event',
    share: 1,
    isOver: true,
    left: null,
    problem: null,
  })
  assert.equal(bulkProgress({ ...replay, done: 0 }).text, 'There was no event to do')
})

test('delivery filter: what is empty is no filter, and what is on its way is not sent again', () => {
  assert.deepEqual(filterOf({ q: '', status: 'failed' }), { status: 'failed' })
  assert.equal(matchingOf({ status: 'sending' }).kind, 'none')
  const all = matchingOf({ code: 'timeout' })
  assert.deepEqual(all, {
    kind: 'these',
    words: 'all failed ones that match',
    filter: { code: 'timeout' },
  })
  assert.deepEqual(withChange({ q: 'a', status: 'held' }, { q: undefined }), { status: 'held' })
})

test('destination: the usual port is left out', () => {
  assert.equal(shownOrigin('https://a.example:443'), 'https://a.example')
  assert.equal(shownOrigin('http://a.example:80'), 'http://a.example')
  assert.equal(shownOrigin('http://a.example:443'), 'http://a.example:443')
  assert.equal(shownOrigin('https://a.example:8443'), 'https://a.example:8443')
})

test('destination: one that takes everything and got nothing through is not called OK', () => {
  const recent = { delivered: 0, failed: 0, p50Ms: null, p95Ms: null }
  const words = (state: DestinationWire['state'], delivered: number, failed: number): string =>
    destinationState({ state, recent: { ...recent, delivered, failed } } as DestinationWire).text
  assert.equal(words('ok', 0, 0), 'OK')
  assert.equal(words('ok', 1, 9), 'OK')
  assert.equal(words('ok', 0, 5), 'Failing')
  assert.equal(words('paused', 0, 5), 'Paused')
})

test('sparkline: an hour with one event among thousands is still seen', () => {
  const hours = Array.from({ length: 24 }, (_, hour) => (hour === 3 ? 10_000 : hour === 4 ? 1 : 0))
  const { bars, total, spoken } = sparklineOf({ hours })
  assert.deepEqual([bars[3], bars[5], total], [1, 0, 10_001])
  assert.ok(bars[4]! > 0.1)
  assert.equal(spoken, '10,001 events in the last 24 hours, at most 10,000 an hour')
})

const figures = {
  events: 3,
  refused: 0,
  runs: { queued: 0, running: 0, succeeded: 2, ended: 0, failed: 1, timed_out: 0 },
  deliveries: {
    pending: 0,
    sending: 0,
    delivered: 999,
    failed: 1,
    blocked: 0,
    canceled: 0,
    held: 0,
  },
}
const bucket: FiguresBucketWire = {
  at: '2026-11-23T08:00:00.000Z',
  ...figures,
  delayMs: { p50: 1, p95: 2, p99: 3 },
  runMs: null,
  deliveryMs: { p50: 10, p95: 1_500, p99: 15_000 },
}
const stats: StatsWire = {
  from: bucket.at,
  to: '2026-11-23T09:00:00.000Z',
  bucketMs: 3_600_000,
  isExact: true,
  totals: figures,
  successRate: 0.99999,
  queue: { events: 2, deliveries: 1, oldestAt: bucket.at },
  series: [bucket],
}

test('plots: each has its columns and says in words what it shows', () => {
  const { at, plots } = plotsOf(stats)
  assert.deepEqual(at, [Date.parse(bucket.at) / 1000])
  const [events, runs, deliveries, toDeliver, runTime] = plots
  assert.deepEqual(events!.lines[0]!.values, [3])
  assert.equal(runs!.spoken, '3 runs, 1 failed')
  assert.equal(deliveries!.spoken, '999 delivered, 1 failed')
  assert.equal(toDeliver!.spoken, 'p99 up to 15.0 s')
  assert.deepEqual(
    runTime!.lines.map(({ values }) => values),
    [[null], [null], [null]],
  )
  assert.equal(runTime!.spoken, 'nothing to show yet')
})

test('headlines: never 100 % while something failed', () => {
  const text = (of: StatsWire, wanted: string) =>
    headlinesOf(of).find(({ name }) => name === wanted)!.text
  assert.equal(text(stats, 'Delivered'), '99.9 %')
  assert.equal(text({ ...stats, successRate: 1 }, 'Delivered'), '100 %')
  assert.equal(text({ ...stats, successRate: null }, 'Delivered'), '–')
  assert.equal(text(stats, 'Waiting now'), '3')
  assert.equal(text(stats, 'Slowest p95'), '1.5 s')
})

test('span: one that is not known is a day', () => {
  assert.equal(spanOf('7d').ms, 7 * 24 * 3_600_000)
  assert.equal(spanOf('eternity').name, '24h')
})

const health: HealthWire = {
  version: '1.2.3',
  isolation: { level: 'strict', because: 'bubblewrap works here' },
  store: { kind: 'sqlite', ok: true },
  backlog: { queuedEvents: 0, pendingDeliveries: 1_200, oldestQueuedAt: null },
  uptimeSeconds: 7_200,
}

test('foot: the isolation level and the version always, what waits and what is broken where it is so', () => {
  const texts = (of: HealthWire | undefined, isCut = false) =>
    footView(of, isCut).facts.map(({ text }) => text)
  assert.deepEqual(texts(health), ['Isolation: strict', 'SQLite', '1,200 pending'])
  assert.equal(footView(health, false).version, 'Sendoff 1.2.3')
  const broken = { ...health, store: { kind: 'sqlite', ok: false }, backlog: null } as const
  assert.deepEqual(texts(broken), ['Isolation: strict', 'SQLite takes no writes'])
  assert.deepEqual(texts(undefined, true), ['The server does not answer'])
})

test('settings: how long events are kept and what may be reached is said with the variable that sets it', () => {
  const facts = instanceFacts(health, {
    retentionDays: 0,
    egressAllow: ['10.0.0.0/8'],
    bodyLimitBytes: 1_000_000,
  })
  const of = (wanted: string) => facts.find(({ name }) => name === wanted)!
  assert.equal(of('Retention').text, 'Events are kept for good')
  assert.equal(of('Retention').setting, 'SENDOFF_RETENTION_DAYS')
  assert.equal(of('Egress').text, 'Public addresses, and 10.0.0.0/8')
  assert.equal(of('Version').text, 'Sendoff 1.2.3, up 2 hours')
  assert.equal(
    instanceFacts(health, undefined).some(({ name }) => name === 'Retention'),
    false,
  )
})

test('plots: durations from a part of a millisecond to hours share an axis with few marks', () => {
  assert.deepEqual(durationSpan(2, 29_000), [1, 60_000])
  assert.deepEqual(durationMarks(1, 60_000).map(markText), [
    '1 ms',
    '10 ms',
    '100 ms',
    '1 s',
    '10 s',
    '1 min',
  ])
  assert.deepEqual(durationSpan(2, 2), [1, 10], 'one value has room')
  assert.deepEqual(durationSpan(10, 10), [10, 100])
  assert.deepEqual(durationSpan(null, null), [1, 100], 'nothing yet')
  assert.deepEqual(durationSpan(0.1, 1e12), [0.1, 3.6e8])
  assert.equal(markText(3.6e7), '10 h')
  assert.equal(markText(6e5), '10 min')
  assert.deepEqual([0, 3, null].map(atLeastMark), [0.1, 3, null])
})
