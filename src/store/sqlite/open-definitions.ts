/**
 * A second, brief way into the database for commands that must work beside a running server, and before
 * the first one. It neither recovers nor touches events. It migrates only while nobody else has the
 * folder: a schema is never changed under a server that runs.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../clock.ts'
import { AppError } from '../../errors.ts'
import { createToken } from '../definitions.ts'
import type { DefinitionStore } from '../store.ts'
import { makeFolder } from './make-folder.ts'
import { migrate } from './migrate.ts'
import { databasePath, lockFolder, openWriter } from './open-database.ts'
import { kyselyOver } from './sqlite-kysely.ts'
import { storeError } from './store-errors.ts'

type Definitions = Pick<DefinitionStore, 'createToken'> & { close(): Promise<void> }

/** Fails as `SqliteStore.start` does, except that a running server is no obstacle. */
export async function openDefinitions(
  deps: { readonly clock: Clock },
  folder: string,
): Promise<Definitions> {
  makeFolder(folder)
  const lock = lockIfFree(folder)
  let database: DatabaseSync | undefined
  try {
    database = openWriter(folder)
    const kysely = kyselyOver(database)
    if (lock) await migrate({ database, kysely }, databasePath(folder))
    return definitionsOver(deps, database)
  } catch (error) {
    database?.close()
    throw storeError(error)
  } finally {
    lock?.close()
  }
}

function definitionsOver({ clock }: { clock: Clock }, database: DatabaseSync): Definitions {
  const kysely = kyselyOver(database)
  return {
    createToken: (token, hash) =>
      kysely
        .transaction()
        .execute((db) => createToken(db, clock.nowMs(), token, hash))
        .catch((error: unknown) => {
          throw storeError(error)
        }),
    close: async () => database.close(),
  }
}

function lockIfFree(folder: string): DatabaseSync | undefined {
  try {
    return lockFolder(folder)
  } catch (error) {
    if (error instanceof AppError && error.code === 'store_locked') return undefined
    throw error
  }
}
