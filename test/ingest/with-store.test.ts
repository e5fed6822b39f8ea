/** Ingest over the real store: what is answered is on disk, and what is shown is what came. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { IdSource, systemClock } from '../../src/clock.ts'
import { Answers } from '../../src/execution/answers.ts'
import { createHttpListener } from '../../src/http-listener.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import { FIRST_ACCOUNT } from '../../src/model/account.ts'
import { LocalNotifier } from '../../src/notifier/local.ts'
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { KEY, Places, settings } from '../support/trigger.ts'

const DAY_MS = 24 * 60 * 60 * 1000

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-ingest-'))
  let skippedMs = 0
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + skippedMs }
  const ids = new IdSource(clock)
  const store = new SqliteStore({ clock }, { folder, nodeId: ids.next('node') })
  const notifier = new LocalNotifier({ report: (error) => assert.fail(String(error)) })
  const handOver = new Places()
  const options = { bodyLimitBytes: 1_000, trustedProxies: [], publicUrl: null }
  const metrics = { eventAnswered() {}, eventsAdmitted() {} }
  const log = { info() {}, error() {} }
  const answers = new Answers()
  const variables = { of: async () => ({ values: {} }) }
  const deps = { store, notifier, clock, ids, handOver, answers, variables, metrics, log }
  const ingest = createIngest(deps, options)
  const listener = createHttpListener(
    {
      trigger: (request, response) => ingest.handle(request, response),
      rest: (_request, response) => response.end(),
    },
    { host: '127.0.0.1', port: 0 },
  )
  await store.start()
  await listener.start()
  t.after(async () => {
    await listener.stop()
    await ingest.stop()
    await store.stop()
    await rm(folder, { recursive: true })
  })
  const definition = { name: 'Test', steps: [], settings }
  const workflow = await store.createWorkflow(FIRST_ACCOUNT, ids.next('wf'), KEY, definition)
  const url = `http://127.0.0.1:${listener.address().port}/t/${KEY}`
  const send = async (body: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(url, { method: 'POST', body, headers })).status
  const list = async () =>
    (await store.inspect.listEvents(FIRST_ACCOUNT, workflow.id, {}, 50, null)).data
  return { store, workflow, handOver, send, list, advance: (ms: number) => (skippedMs += ms) }
}

test('ingest: an accepted request can be read back as it came', async (t) => {
  const { store, handOver, send, list } = await setUp(t)
  assert.equal(await send('\0{"a":1}', { 'X-Case': 'kept' }), 200)
  const [row] = await list()
  assert.deepEqual([row!.method, row!.path, row!.error], ['POST', '/', null])
  const { request, run } = (await store.inspect.event(FIRST_ACCOUNT, row!.id))!
  assert.equal(Buffer.from(request.body).toString(), '\0{"a":1}')
  assert.ok(request.headers.some(([name, value]) => name === 'X-Case' && value === 'kept'))
  assert.notEqual(run, null)
  assert.deepEqual(handOver.offered[0]!.request.headers, request.headers)
})

test('ingest: [140] a body over the limit is listed, with that error and no run', async (t) => {
  const { store, send, list } = await setUp(t)
  assert.equal(await send('x'.repeat(1_001)), 413)
  const [row] = await list()
  assert.equal(row!.error?.code, 'body_too_large')
  assert.equal((await store.inspect.event(FIRST_ACCOUNT, row!.id))!.run, null)
})

test('ingest: [148] the same key within 24 h answers 200 without a second event; later it is a new one', async (t) => {
  const { send, list, advance } = await setUp(t)
  const key = { 'Idempotency-Key': 'order 7' }
  const sent = await Promise.all([send('a', key), send('a', key), send('a', key)])
  assert.deepEqual(sent, [200, 200, 200])
  assert.equal((await list()).length, 1)
  assert.equal(await send('b', key), 409)
  advance(DAY_MS - 60_000)
  assert.equal(await send('a', key), 200)
  assert.equal((await list()).length, 1)
  advance(60_001)
  assert.equal(await send('a', key), 200)
  assert.equal((await list()).length, 2)
})

test('ingest: once the store is gone the answer is 503', async (t) => {
  const { store, send } = await setUp(t)
  assert.equal(await send('a'), 200)
  await store.stop()
  assert.equal(await send('a'), 503)
})
