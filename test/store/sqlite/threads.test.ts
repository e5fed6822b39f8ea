/** The threads of the store: others speak to the writer directly, and one that dies is not silent. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { systemClock } from '../../../src/clock.ts'
import { connectStore } from '../../../src/store/sqlite/hot-client.ts'
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { makeFolder } from '../../support/sqlite-folder.ts'
import { delivery, event, ids, run } from '../../support/store-values.ts'

const THREAD = new URL('../../support/settling-thread.ts', import.meta.url)
const hasCode = (code: string) => (error: unknown) => (error as { code?: string }).code === code

async function opened(context: TestContext, onFatal?: (error: Error) => void) {
  const folder = makeFolder()
  const store = new SqliteStore(
    { clock: systemClock },
    { folder, nodeId: ids.next('node'), ...(onFatal && { onFatal }) },
  )
  await store.start()
  context.after(async () => {
    await store.stop()
    rmSync(folder, { recursive: true })
  })
  return store
}

test('store: another thread settles over a port of its own', async (context) => {
  const store = await opened(context)
  const port = store.connect()
  const thread = new Worker(THREAD, { workerData: { port }, transferList: [port] })
  const accepted = event()
  await store.admit([accepted])
  await store.finish(run(accepted), [delivery()])
  thread.postMessage(accepted)
  assert.deepEqual(await once(thread, 'message'), ['settled'])
  assert.equal((await store.inspect.event(1, accepted.id))!.dest.delivered, 1)

  await store.stop()
  thread.postMessage(accepted)
  assert.deepEqual(await once(thread, 'message'), ['store_unavailable'])
  await thread.terminate()
})

test('store: a writer that dies makes every call reject, and is reported once', async (context) => {
  const died = Promise.withResolvers<Error>()
  const reports: Error[] = []
  const store = await opened(context, (error) => {
    reports.push(error)
    died.resolve(error)
  })
  const other = connectStore(store.connect())
  await other.admit([event()])
  store.connect().postMessage('not a message of ours')
  await assert.rejects(store.admit([event()]), hasCode('store_unavailable'))
  await assert.rejects(other.admit([event()]), hasCode('store_unavailable'))
  assert.ok(hasCode('store_unavailable')(await died.promise))
  await assert.rejects(store.check(), hasCode('store_unavailable'))
  await assert.rejects(store.inspect.backlog(), hasCode('store_unavailable'))
  await store.stop()
  assert.equal(reports.length, 1)
})

test('store: a call that cannot be encoded does not shift the bytes of its neighbours', async (context) => {
  const store = await opened(context)
  const [before, after] = [event(), event()]
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  const results = await Promise.allSettled([
    store.admit([before]),
    store.admit([event(), event({ steps: cyclic as never })]),
    store.admit([after]),
  ])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  for (const one of [before, after]) {
    assert.deepEqual((await store.inspect.event(1, one.id))!.request, one.request)
  }
})
