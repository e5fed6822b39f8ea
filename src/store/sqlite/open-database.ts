/**
 * Opens the files of the embedded store: the lock that keeps a second process out, and the database.
 * The lock is a database of its own, held exclusively: the kernel lets go of it however the process
 * ends, and readers of the real database are not affected.
 */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../../errors.ts'
import { isBusy, isCorrupt } from './store-errors.ts'
import { checkWal } from './check-wal.ts'

/** How long to wait for a command that writes beside the server (`token create`). */
const BUSY_MS = 2_000

export const databasePath = (folder: string): string => join(folder, 'sendoff.db')

/** Fails with `store_locked` while another process has it. */
export function lockFolder(folder: string): DatabaseSync {
  const path = join(folder, 'sendoff.lock')
  const lock = openPrivate(path, 0)
  try {
    lock.exec('begin exclusive')
    return lock
  } catch (error) {
    lock.close()
    if (isBusy(error)) throw new AppError('store_locked', { path: folder }, { cause: error })
    throw corruptOr(error, path)
  }
}

/** The one connection that writes. Fails with `store_corrupt` when the file is not a database. */
export function openWriter(folder: string): DatabaseSync {
  const path = databasePath(folder)
  checkWal(`${path}-wal`)
  const database = openPrivate(path, BUSY_MS)
  try {
    // Rows are 1-2 KiB: pages of 8 KiB hold them without overflow, at 15 % less CPU than 4 KiB.
    database.exec('pragma page_size = 8192')
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
    // Short WAL, even work: letting it grow trades a lower mean for a long tail and an unbounded file.
    database.exec('pragma wal_autocheckpoint = 1000')
    database.exec('pragma temp_store = memory')
    database.exec('pragma cache_size = -65536')
    return database
  } catch (error) {
    database.close()
    throw corruptOr(error, path)
  }
}

/** A connection that cannot write. */
export function openReader(folder: string): DatabaseSync {
  const database = new DatabaseSync(databasePath(folder), { readOnly: true, timeout: BUSY_MS })
  database.exec('pragma query_only = on')
  return database
}

export function corruptOr(error: unknown, path: string): unknown {
  if (!isCorrupt(error)) return error
  return new AppError('store_corrupt', { path, reason: (error as Error).message }, { cause: error })
}

/** Only the owner may read what users sent; SQLite would create the file for everyone to read. */
function openPrivate(path: string, busyMs: number): DatabaseSync {
  closeSync(openSync(path, 'a', 0o600))
  return new DatabaseSync(path, { defensive: true, timeout: busyMs })
}
