/**
 * Brings the schema up to date: numbered `.sql` files, forward only, all in one transaction, so a crash
 * leaves the old schema or the new one. A database that a newer Sendoff has written is refused.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { AppError } from '../../errors.ts'
import type { Tables } from '../tables.ts'

const FOLDER = new URL('./migrations/', import.meta.url)

const APPLIED = `select name from kysely_migration order by name desc limit 1`
const HAS_SCHEMA = `select 1 from sqlite_schema where name = 'kysely_migration'`

type Deps = { database: DatabaseSync; kysely: Kysely<Tables> }

/** Fails with `store_newer`. `path` is for the message. */
export async function migrate({ database, kysely }: Deps, path: string): Promise<void> {
  const names = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.sql'))
    .map((name) => name.slice(0, -'.sql'.length))
    .sort()
  refuseNewer(database, path, names.at(-1)!)
  const migrator = new Migrator({
    db: kysely,
    provider: {
      getMigrations: () =>
        Promise.resolve(Object.fromEntries(names.map((name) => [name, migration(database, name)]))),
    },
  })
  database.exec('begin immediate')
  try {
    const { error } = await migrator.migrateToLatest()
    if (error) throw error
    database.exec('commit')
  } catch (error) {
    if (database.isTransaction) database.exec('rollback')
    throw error
  }
}

function refuseNewer(database: DatabaseSync, path: string, known: string): void {
  if (!database.prepare(HAS_SCHEMA).get()) return
  const found = database.prepare(APPLIED).get()?.['name'] as string | undefined
  if (found === undefined || found <= known) return
  throw new AppError('store_newer', {
    path,
    found: Number.parseInt(found, 10),
    known: Number.parseInt(known, 10),
  })
}

function migration(database: DatabaseSync, name: string) {
  return {
    up: async () => database.exec(readFileSync(new URL(`${name}.sql`, FOLDER), 'utf8')),
  }
}
