/** Kysely over a `node:sqlite` connection. The connection stays its opener's: nothing here closes it. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import type { Tables } from '../tables.ts'

export function kyselyOver(database: DatabaseSync): Kysely<Tables> {
  return new Kysely({
    dialect: new SqliteDialect({
      database: {
        close: () => undefined,
        prepare: (sql) => {
          const statement = database.prepare(sql)
          const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[]
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...values(parameters)),
            run: (parameters) => statement.run(...values(parameters)),
            iterate: (parameters) => statement.iterate(...values(parameters)),
          }
        },
      },
    }),
  })
}
