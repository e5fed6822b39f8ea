/**
 * What delivery asks of destinations: their settings, with what is pending and held brought in line
 * with them; and places for what was leased and is not attempted after all.
 *
 * Pausing is one row and takes effect with its commit, since `adoptDeliveries` passes over the paused.
 * That pending deliveries then show as `held`, and become pending again, is done here in portions, so
 * that a backlog of millions never holds up the writer.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { DestinationSettings } from '../../model/destination.ts'
import type { Column } from './wire.ts'

const SET = `
  select account_id, origin, state, concurrency, rate_per_second from destination
  where state <> 'ok' or concurrency is not null or rate_per_second is not null`

const HOLD = `
  update delivery set status = 'held', resume_at = due_at, due_at = null
  where (account_id, event_id, step, call_index) in (
    select account_id, event_id, step, call_index from delivery
    where status = 'pending' and account_id = ? and origin = ? limit ?)`

const FREE = `
  update delivery set status = 'pending', due_at = resume_at, resume_at = null
  where (account_id, event_id, step, call_index) in (
    select account_id, event_id, step, call_index from delivery
    where status = 'held' and account_id = ? and origin = ? and resume_at is not null
    order by resume_at limit ?)`

const RESUMED = `
  update destination set state = 'ok' where account_id = ? and origin = ? and state = 'resuming'`

const GIVE_BACK = `
  update delivery set status = 'pending', leased_by = null, attempts = attempts - 1
  where account_id = ? and event_id = ? and step = ? and call_index = ? and attempts = ?
    and status = 'sending'`

/** Rows that one call changes at most: some 20 ms of the writer. */
const PORTION = 5_000

type Row = {
  account_id: number
  origin: string
  state: 'ok' | 'paused' | 'resuming'
  concurrency: number | null
  rate_per_second: number | null
}

export function prepareSyncDestinations(database: DatabaseSync) {
  const set = database.prepare(SET)
  const hold = database.prepare(HOLD)
  const free = database.prepare(FREE)
  const resumed = database.prepare(RESUMED)

  return (): readonly DestinationSettings[] => {
    const rows = set.all() as Row[]
    let room = PORTION
    for (const { account_id, origin, state } of rows) {
      if (state === 'ok' || room === 0) continue
      const change = state === 'paused' ? hold : free
      const changed = Number(change.run(account_id, origin, room).changes)
      if (state === 'resuming' && changed < room) resumed.run(account_id, origin)
      room -= changed
    }
    return rows.map((row) => ({
      accountId: row.account_id,
      origin: row.origin,
      paused: row.state === 'paused',
      concurrency: row.concurrency,
      ratePerSecond: row.rate_per_second,
    }))
  }
}

export function prepareGiveBack(database: DatabaseSync) {
  const giveBack = database.prepare(GIVE_BACK)
  return (keys: readonly (readonly Column[])[]): void => {
    for (const key of keys) giveBack.run(...key)
  }
}
