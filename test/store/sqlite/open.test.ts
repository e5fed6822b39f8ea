/** Opening and closing: who may, what is refused, and that nothing is left open. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { openDefinitions } from '../../../src/store/sqlite/open-definitions.ts'
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { makeFolder } from '../../support/sqlite-folder.ts'
import { event, ids, token } from '../../support/store-values.ts'

const WRITER = new URL('../../support/store-process.ts', import.meta.url)
const hasCode = (code: string) => (error: unknown) => (error as { code?: string }).code === code

function folderOf(context: TestContext): string {
  const folder = makeFolder()
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const storeIn = (folder: string): SqliteStore =>
  new SqliteStore({ clock: systemClock }, { folder, nodeId: ids.next('node') })

/** A folder whose database holds one event. */
async function filledFolder(context: TestContext): Promise<string> {
  const folder = folderOf(context)
  const store = storeIn(folder)
  await store.start()
  await store.admit([event()])
  await store.stop()
  return folder
}

test('store: its folder is made for its owner alone', async (context) => {
  const folder = join(folderOf(context), 'a', 'b')
  const store = storeIn(folder)
  await store.start()
  await store.stop()
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.equal(statSync(join(folder, 'sendoff.db')).mode & 0o777, 0o600)
})

test('store: stop may come first and twice, and what comes after it is refused', async (context) => {
  const folder = folderOf(context)
  const unopened = storeIn(folder)
  await unopened.stop()
  await assert.rejects(unopened.admit([event()]), hasCode('store_unavailable'))

  const store = storeIn(folder)
  await store.start()
  const waiting = store.admit([event()])
  await Promise.all([store.stop(), store.stop()])
  assert.equal((await waiting)[0]!.kind, 'created')
  await assert.rejects(store.admit([event()]), hasCode('store_unavailable'))
  await assert.rejects(store.inspect.backlog(), hasCode('store_unavailable'))
})

test('store: one process at a time, and a killed one lets go', async (context) => {
  const folder = folderOf(context)
  const child = fork(WRITER, [folder, 'idle'])
  await once(child, 'message')
  const store = storeIn(folder)
  await assert.rejects(store.start(), hasCode('store_locked'))
  child.kill('SIGKILL')
  await once(child, 'close')
  const next = storeIn(folder)
  await next.start()
  await assert.rejects(storeIn(folder).start(), hasCode('store_locked'))
  await next.stop()
})

test('store: a database that a newer Sendoff has written is refused', async (context) => {
  const folder = await filledFolder(context)
  const database = new DatabaseSync(join(folder, 'sendoff.db'))
  database.exec(`insert into kysely_migration values ('099_add_more', '2099-01-01')`)
  database.close()
  await assert.rejects(storeIn(folder).start(), (error: Error) => {
    assert.match(error.message, /its schema is version 99, this Sendoff knows up to \d+, upgrade/)
    return hasCode('store_newer')(error)
  })
})

test('store: [173] a damaged database is refused in one sentence', async (context) => {
  const folder = await filledFolder(context)
  const path = join(folder, 'sendoff.db')
  const content = readFileSync(path)
  writeFileSync(path, Buffer.concat([Buffer.alloc(512, 7), content.subarray(512)]))
  await assert.rejects(storeIn(folder).start(), (error: Error) => {
    assert.match(error.message, /^Cannot open .*sendoff\.db: .*, restore it from a backup$/)
    return hasCode('store_corrupt')(error)
  })
})

test('store: [173] a damaged log is refused, not taken for an empty one', async (context) => {
  const folder = folderOf(context)
  const child = fork(WRITER, [folder])
  await once(child, 'message')
  await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'close')
  const path = join(folder, 'sendoff.db-wal')
  const log = readFileSync(path)
  writeFileSync(path, Buffer.concat([Buffer.alloc(8, 7), log.subarray(8)]))
  await assert.rejects(storeIn(folder).start(), hasCode('store_corrupt'))

  writeFileSync(path, log)
  const store = storeIn(folder)
  await store.start()
  assert.ok(store.recovered.events + store.recovered.interrupted > 0)
  await store.stop()
})

test('store: a log of zeros is one to which nothing was committed', async (context) => {
  const folder = await filledFolder(context)
  writeFileSync(join(folder, 'sendoff.db-wal'), Buffer.alloc(4_096))
  const store = storeIn(folder)
  await store.start()
  assert.equal(store.recovered.events, 1)
  await store.stop()
})

test('store: definitions can be written before and beside a running server', async (context) => {
  const folder = folderOf(context)
  const before = await openDefinitions({ clock: systemClock }, folder)
  await before.createToken(token({ id: 'tok_1' }), 'hash 1')
  await before.close()
  const store = storeIn(folder)
  await store.start()
  context.after(() => store.stop())
  const beside = await openDefinitions({ clock: systemClock }, folder)
  await beside.createToken(token({ id: 'tok_2' }), 'hash 2')
  await beside.close()
  assert.deepEqual(
    (await store.listTokens(1)).map((one) => one.id),
    ['tok_1', 'tok_2'],
  )
  assert.equal((await store.admit([event()]))[0]!.kind, 'created')
})

test('store: requests that an earlier version left waiting are shown, sent and searched as they stand', async (context) => {
  const folder = folderOf(context)
  const database = new DatabaseSync(join(folder, 'sendoff.db'))
  const migrations = new URL('../../../src/store/sqlite/migrations/', import.meta.url)
  const before = readdirSync(migrations).filter((name) => name < '009')
  database.exec('create table kysely_migration (name text primary key, timestamp text not null)')
  for (const name of before.toSorted()) {
    database.exec(readFileSync(new URL(name, migrations), 'utf8'))
    database.exec(`insert into kysely_migration values ('${name.replace('.sql', '')}', '2026')`)
  }
  const of = event()
  database.exec(`
    insert into event values (1, '${of.id}', 'wf_a', 1, 5, null, 0, null, 'POST', 'http', 'h', '/',
      '/', '1.1', '127.0.0.1', null, '[]', x'');
    insert into run values (1, '${of.id}', 'wf_a', 1, 'succeeded', 5, 1, null, 1, 0, '[]');
    insert into delivery (account_id, event_id, step, call_index, origin, status, due_at, attempts)
      values (1, '${of.id}', 0, 0, 'https://dest.example:443', 'pending', 5, 0);
    insert into delivery_request values (1, '${of.id}', 0, 0, 'code', 'POST',
      'https://dest.example/?token=old-canary', 15000, null, 0, 0,
      '[["authorization","Bearer old-canary"]]', x'7b7d');`)
  database.close()
  const store = storeIn(folder)
  await store.start()
  context.after(() => store.stop())
  const [delivery] = (await store.inspect.event(1, of.id))!.deliveries
  assert.equal(delivery!.sealed, null)
  const { data } = await store.inspect.listDeliveries(1, { q: 'dest.example' }, 10, null)
  assert.deepEqual(
    data.map(({ url }) => url),
    ['https://dest.example/?token=••••'],
  )
  const [task] = await store.adoptDeliveries({ count: 1, exceptLanes: [], perLane: 1 })
  assert.equal(task!.sealed, null)
  assert.deepEqual(task!.send.headers, [['authorization', 'Bearer old-canary']])
  assert.equal(task!.send.url, 'https://dest.example/?token=old-canary')
})
