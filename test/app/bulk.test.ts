/** Work in bulk on a whole server: paced, seen through across a restart, ended by a cancel. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type {
  BulkWire,
  DeliveryRowWire,
  EventCountWire,
} from '../../src/inspector/wire-operations.ts'
import type { ApiClient } from '../../src/cli/api-client.ts'
import { startApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { startReceiver } from '../support/receiver.ts'

type Rows = { readonly data: readonly DeliveryRowWire[] }

const begin = async (api: ApiClient, body: object): Promise<string> =>
  (await api.call<{ id: string }>('POST', '/bulk', body)).id

async function until(api: ApiClient, id: string, holds: (bulk: BulkWire) => boolean) {
  for (let tries = 0; tries < 1_000; tries++) {
    const bulk = await api.call<BulkWire>('GET', `/bulk/${id}`)
    if (holds(bulk)) return bulk
    await delay(20)
  }
  throw new Error('It did not come to that')
}

const ended = ({ state }: BulkWire): boolean => state === 'done' || state === 'canceled'

/** An event that sends `count` requests, all of which have failed. */
async function failing(app: TestApp, url: string, count: number): Promise<void> {
  const code = `for (let i = 0; i < ${count}; i++) $send.http({ method: 'POST', url: '${url}' + i, data: i })`
  const { dest } = await app.run([{ type: 'code', code }])
  assert.deepEqual([dest.delivered, dest.total], [0, count])
}

test('bulk: all failed deliveries that a filter selects are sent once more', async (t) => {
  const receiver = await startReceiver(() => ({ status: 500 }))
  t.after(() => receiver.close())
  const app = await startApp(t)
  await failing(app, receiver.url('/n/'), 30)
  receiver.script = () => ({ status: 200 })
  const filter = { q: '/n/2' }
  const id = await begin(app.api, { action: 'redeliver', filter, rate: 800 })
  const { state, total, done, failed, message } = await until(app.api, id, ended)
  assert.deepEqual(
    { state, total, done, failed, message },
    { state: 'done', total: 11, done: 11, failed: 0, message: null },
  )
  await receiver.received(41)
  const again = receiver.requests.slice(30).map(({ url }) => Number(url.split('/').at(-1)))
  assert.deepEqual(
    again.toSorted((a, b) => a - b),
    [2, ...Array.from({ length: 10 }, (_, i) => 20 + i)],
  )
})

test('bulk: what a stopped server left is done by the next one, each item once', async (t) => {
  const receiver = await startReceiver(() => ({ status: 500 }))
  t.after(() => receiver.close())
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-bulk-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const first = await startApp(t, { SENDOFF_DATA: folder })
  await failing(first, receiver.url('/'), 40)
  receiver.script = () => ({ status: 200 })
  const id = await begin(first.api, { action: 'redeliver', filter: {}, rate: 20 })
  const begun = await until(first.api, id, ({ done }) => done > 0)
  assert.ok(begun.done < 40)
  await first.stop()
  const second = await startApp(t, { SENDOFF_DATA: folder })
  const { done, failed, total } = await until(second.api, id, ended)
  assert.deepEqual([done, failed, total], [40, 0, 40])
  await receiver.received(80)
  const paths = receiver.requests.slice(40).map(({ url }) => url)
  assert.equal(new Set(paths).size, paths.length)
})

test('bulk: a cancel ends it, and what is done stays done', async (t) => {
  const receiver = await startReceiver(() => ({ status: 500 }))
  t.after(() => receiver.close())
  const app = await startApp(t)
  await failing(app, receiver.url('/'), 30)
  const id = await begin(app.api, { action: 'redeliver', filter: {}, rate: 1 })
  await until(app.api, id, ({ done }) => done > 0)
  const { state, done } = await app.api.call<BulkWire>('DELETE', `/bulk/${id}`)
  assert.equal(state, 'canceled')
  assert.ok(done < 30)
  const rows = await app.api.call<Rows>('GET', '/deliveries?status=failed&limit=200')
  assert.ok(rows.data.length > 0)
})

test('bulk: events are replayed as new events, and a replay is no item of its own job', async (t) => {
  const app = await startApp(t)
  const workflow = await app.workflow([{ type: 'code', code: 'return $context.replay_of' }])
  for (let i = 0; i < 5; i++) await app.send(workflow, `/${i}`)
  const filter = { workflow: workflow.id }
  const id = await begin(app.api, { action: 'replay', filter, rate: 800 })
  const { total, done } = await until(app.api, id, ended)
  assert.deepEqual([total, done], [5, 5])
  await app.settled(workflow)
  const { data } = await app.api.call<{ data: { path: string; replayOf: string | null }[] }>(
    'GET',
    `/workflows/${workflow.id}/events`,
  )
  assert.equal(data.length, 10)
  const replays = data.filter(({ replayOf }) => replayOf !== null).map(({ path }) => path)
  assert.deepEqual(replays.toSorted(), ['/0', '/1', '/2', '/3', '/4'])
})

test('bulk: what was counted is what is replayed, however much came in since', async (t) => {
  const app = await startApp(t)
  const workflow = await app.workflow([{ type: 'code', code: 'return 1' }])
  for (const path of ['/a', '/a', '/b']) await app.send(workflow, path)
  await app.settled(workflow)
  const counted = await app.api.call<EventCountWire>(
    'GET',
    `/workflows/${workflow.id}/events/count?q=/a`,
  )
  assert.deepEqual([counted.count, counted.isExact], [2, true])
  await app.send(workflow, '/a')
  const filter = { workflow: workflow.id, q: '/a', before: counted.before }
  const none = await begin(app.api, {
    action: 'replay',
    filter: { ...filter, after: counted.before },
  })
  assert.equal((await until(app.api, none, ended)).done, 0)
  const id = await begin(app.api, { action: 'replay', filter, rate: 800 })
  const { total, done } = await until(app.api, id, ended)
  assert.deepEqual([total, done], [2, 2])
})

test('bulk: jobs are listed newest first, by pages, and those that run alone', async (t) => {
  const app = await startApp(t)
  const { id: workflow } = await app.workflow([{ type: 'note', text: 'nothing' }])
  type List = { data: readonly BulkWire[]; nextCursor: string | null }
  const list = (query: string) => app.api.call<List>('GET', `/bulk?${query}`)
  const ids: string[] = []
  for (const filter of [{ workflow }, { workflow, q: 'none' }]) {
    ids.push(await begin(app.api, { action: 'replay', filter }))
  }
  const over = await begin(app.api, { action: 'redeliver', filter: {} })
  for (const id of [...ids, over]) await until(app.api, id, ended)
  // Ids of one millisecond are in no order of their own.
  const newest = [...ids, over].toSorted().toReversed()
  const page = await list('limit=2')
  const rest = await list(`limit=2&cursor=${page.nextCursor}`)
  const all = [...page.data, ...rest.data]
  assert.deepEqual([page.data.length, page.nextCursor, rest.nextCursor], [2, newest[1], null])
  assert.deepEqual(
    all.map(({ id, workflowId }) => [id, workflowId]),
    newest.map((id) => [id, id === over ? null : workflow]),
  )
  assert.deepEqual((await list('state=running')).data, [])
  assert.equal((await list('state=done')).data.length, 3)
  await assert.rejects(list('state=paused'), /state/)
})

test('bulk: what cannot be asked for is refused with the reason', async (t) => {
  const app = await startApp(t)
  const refusals: [object, RegExp][] = [
    [{ action: 'replay', filter: {} }, /names neither workflow nor ids/],
    [{ action: 'replay', filter: { ids: ['x'] } }, /x is not an id of one/],
    [{ action: 'redeliver', filter: { workflow: 'wf_x' } }, /Cannot find workflow/],
  ]
  for (const [body, reason] of refusals) await assert.rejects(begin(app.api, body), reason)
  await assert.rejects(begin(app.api, { action: 'redeliver', filter: { status: 'sending' } }))
  await assert.rejects(begin(app.api, { action: 'redeliver', filter: {}, rate: 100_000 }))
})
