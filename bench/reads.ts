/**
 * How long the reads behind the pages take on a large database: `node bench/seed.ts <folder> 1000000`, then
 * `node bench/reads.ts <folder> [rounds]`. Each is asked as the API asks it, one after the other, of the
 * store's own reader thread. `cpu` is what one of them costs, whatever else the machine does.
 */
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { systemClock } from '../src/clock.ts'
import { limits } from '../src/model/limits.ts'
import type { DeliveryFilter, EventFilter, Page } from '../src/store/inspect.ts'
import { SqliteStore } from '../src/store/sqlite/sqlite-store.ts'
import { percentile } from './load.ts'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS
const PAGE = 100

const [folder, rounds = '10'] = process.argv.slice(2)
if (folder === undefined) throw new Error('Usage: node bench/reads.ts <folder> [rounds]')
const options = { folder: resolve(folder), nodeId: 'node_bench' }
const store = new SqliteStore({ clock: systemClock }, options)
await store.start()
const { inspect } = store
const now = systemClock.nowMs()
const { data: workflows } = await inspect.listWorkflows(1, 1, null)
const { id: workflowId } = workflows[0]!
const { data: newest } = await inspect.listEvents(1, workflowId, {}, 1, null)
const end = newest[0]!.receivedAt + 1
console.log(`${cpus().length} x ${cpus()[0]!.model}, Node ${process.version}`)

const events = (filter: EventFilter) => () => inspect.listEvents(1, workflowId, filter, PAGE, null)
const deliveries = (filter: DeliveryFilter) => () => inspect.listDeliveries(1, filter, PAGE, null)
const stats = (spanMs: number, of: string | null) => () => {
  const { statsBuckets: count } = limits
  return inspect.stats(1, of, { from: end - spanMs, widthMs: Math.ceil(spanMs / count), count })
}
const middle = end - 3.5 * DAY_MS

const reads: Readonly<Record<string, () => Promise<unknown>>> = {
  'events, newest': events({}),
  'events, from the middle': events({ before: middle }),
  'events, status failed': events({ status: 'failed' }),
  'events, delivery failed': events({ delivery: 'failed' }),
  'events, delivery held: none': events({ delivery: 'held' }),
  'events, version: none': events({ version: 99 }),
  'events, search': events({ q: 'customer 97' }),
  'events, search: none': events({ q: 'nowhere to be found' }),
  'count, all': () => inspect.countEvents(1, workflowId, {}),
  'count, status failed': () => inspect.countEvents(1, workflowId, { status: 'failed' }),
  'count, delivery failed': () => inspect.countEvents(1, workflowId, { delivery: 'failed' }),
  'count, search': () => inspect.countEvents(1, workflowId, { q: 'customer 97' }),
  'event, whole': () => inspect.event(1, newest[0]!.id),
  'deliveries, newest': deliveries({}),
  'deliveries, failed': deliveries({ status: 'failed' }),
  'deliveries, held: none': deliveries({ status: 'held' }),
  'deliveries, pending: none': deliveries({ status: 'pending' }),
  'deliveries, by code': deliveries({ code: 'timeout' }),
  'deliveries, by destination': deliveries({ origin: 'https://crm.example.org:443' }),
  'deliveries, destination: none': deliveries({ origin: 'https://nowhere.example:443' }),
  'deliveries, search: none': deliveries({ q: 'nowhere to be found' }),
  'deliveries, of a workflow': deliveries({ workflowId }),
  'deliveries, of a workflow, failed': deliveries({ workflowId, status: 'failed' }),
  'deliveries, of a workflow, search: none': deliveries({ workflowId, q: 'nowhere' }),
  'stats, an hour': stats(HOUR_MS, null),
  'stats, a day': stats(DAY_MS, null),
  'stats, a week': stats(7 * DAY_MS, null),
  'stats, 30 days': stats(30 * DAY_MS, null),
  'stats, a week of a workflow': stats(7 * DAY_MS, workflowId),
  'activity, now': () => inspect.activity(1, now, PAGE, null),
  'activity, at the last event': () => inspect.activity(1, end, PAGE, null),
  destinations: () => inspect.listDestinations(1, '', PAGE, null),
  backlog: () => inspect.backlog(),
}

for (const [name, read] of Object.entries(reads)) {
  const times: number[] = []
  let found = 0
  const before = process.cpuUsage()
  for (let round = 0; round < Number(rounds); round++) {
    const startedMs = performance.now()
    const answer = (await read()) as Partial<Page<unknown>>
    times.push(performance.now() - startedMs)
    found = answer.data?.length ?? 0
  }
  const { user, system } = process.cpuUsage(before)
  const cpu = (user + system) / 1_000 / times.length
  const sorted = times.toSorted((a, b) => a - b)
  const [p50, most] = [percentile(sorted, 0.5), percentile(sorted, 1)]
  const ms = (value: number): string => `${value.toFixed(1)} ms`.padStart(10)
  console.log(`${name.padEnd(42)} p50 ${ms(p50)}  max ${ms(most)}  cpu ${ms(cpu)}  rows ${found}`)
}
await store.stop()
