/** A SQLite store in a folder of its own, under a held clock. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { HeldClock, ids } from './store-values.ts'

export const makeFolder = (): string => mkdtempSync(join(tmpdir(), 'sendoff-store-'))

export async function openSqlite() {
  const folder = makeFolder()
  const clock = new HeldClock()
  const node = () => new SqliteStore({ clock }, { folder, nodeId: ids.next('node') })
  let store = node()
  await store.start()
  return {
    folder,
    clock,
    store: () => store,
    /** Stopping releases no lease, so to the next node this is a crash. */
    async crash() {
      await store.stop()
      store = node()
      await store.start()
      return store
    },
    async close() {
      await store.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
