/** What user code did after its run had ended: appended to the run, in the order it arrived. */
import type { DatabaseSync } from 'node:sqlite'
import type { Column } from './wire.ts'

const INSERT_LATE = `
  insert into run_late (account_id, event_id, step, entry) values (?, ?, ?, ?)`

export function prepareAppendLate(database: DatabaseSync) {
  const insertLate = database.prepare(INSERT_LATE)
  return (columns: readonly Column[]): void => {
    insertLate.run(...columns)
  }
}
