/**
 * Kysely over a `node:sqlite` connection, each statement prepared once. The connection stays its opener's:
 * nothing here closes it.
 *
 * Invariant: no statement is stepped through while it is asked again, so results are read whole.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import type { SqliteDatabase } from 'kysely'
import type { Tables } from '../tables.ts'

/** Texts differ by the length of their lists too, so the oldest go. */
const STATEMENTS = 200

type Statement = ReturnType<SqliteDatabase['prepare']>

export function kyselyOver(database: DatabaseSync): Kysely<Tables> {
  const prepared = new Map<string, Statement>()
  const prepare = (sql: string): Statement => {
    const known = prepared.get(sql) ?? statementOf(database, sql)
    prepared.delete(sql)
    prepared.set(sql, known)
    if (prepared.size > STATEMENTS) prepared.delete(prepared.keys().next().value!)
    return known
  }
  return new Kysely({
    dialect: new SqliteDialect({ database: { close: () => undefined, prepare } }),
  })
}

function statementOf(database: DatabaseSync, sql: string): Statement {
  const statement = database.prepare(sql)
  const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  }
}
