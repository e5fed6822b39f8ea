/**
 * Destinations: what a person decides about one, and what the store knows of each. The same in every
 * dialect. Counts stop at a bound, so that a backlog of millions costs what one of thousands does.
 */
import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { AppError } from '../errors.ts'
import type { DestinationChange, DestinationSettings } from '../model/destination.ts'
import { destinationId } from '../model/destination.ts'
import { limits } from '../model/limits.ts'
import type { DestinationRow, Page } from './inspect.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>
type Row = Tables['destination']

const COLUMNS = ['account_id', 'origin', 'state', 'concurrency', 'rate_per_second'] as const

/** A pause that ends leaves `resuming`, until what was held for it is free again. */
export async function changeDestination(
  db: Db,
  _at: number,
  accountId: number,
  origin: string,
  change: DestinationChange,
): Promise<DestinationSettings> {
  const found = await find(db, accountId, origin)
  if (!found) throw new AppError('not_found', { noun: 'destination', id: destinationId(origin) })
  const { paused, concurrency = found.concurrency, ratePerSecond = found.rate_per_second } = change
  const state = paused ? 'paused' : found.state === 'paused' ? 'resuming' : found.state
  const row = {
    ...found,
    state: paused === undefined ? found.state : state,
    concurrency,
    rate_per_second: ratePerSecond,
  }
  await db
    .updateTable('destination')
    .set({ state: row.state, concurrency, rate_per_second: ratePerSecond })
    .where('account_id', '=', accountId)
    .where('origin', '=', origin)
    .execute()
  return settingsOf(row)
}

/** By origin; those with `q` in it, in either case. */
export async function listDestinations(
  db: Db,
  accountId: number,
  q: string,
  limit: number,
  cursor: string | null,
): Promise<Page<DestinationRow>> {
  const pattern = `%${q.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`
  const listed = db
    .selectFrom('destination')
    .select(COLUMNS)
    .where('account_id', '=', accountId)
    .orderBy('origin')
    .limit(limit + 1)
  const all = q === '' ? listed : listed.where(sql<boolean>`origin like ${pattern} escape '\\'`)
  const rows = await (cursor === null ? all : all.where('origin', '>', cursor)).execute()
  const data: DestinationRow[] = []
  for (const row of rows.slice(0, limit)) data.push(await withCounts(db, row))
  return { data, nextCursor: rows.length > limit ? data.at(-1)!.origin : null }
}

export async function readDestination(
  db: Db,
  accountId: number,
  origin: string,
): Promise<DestinationRow | undefined> {
  const row = await find(db, accountId, origin)
  return row && withCounts(db, row)
}

async function find(db: Db, accountId: number, origin: string): Promise<Row | undefined> {
  return db
    .selectFrom('destination')
    .select(COLUMNS)
    .where('account_id', '=', accountId)
    .where('origin', '=', origin)
    .executeTakeFirst()
}

async function withCounts(db: Db, row: Row): Promise<DestinationRow> {
  const count = async (status: 'pending' | 'held'): Promise<number> => {
    const bounded = db
      .selectFrom('delivery')
      .select('origin')
      .where('account_id', '=', row.account_id)
      .where('origin', '=', row.origin)
      .where('status', '=', status)
      .limit(limits.destinationCount)
    const { count } = await db
      .selectFrom(bounded.as('waiting'))
      .select(({ fn }) => fn.countAll<number | string>().as('count'))
      .executeTakeFirstOrThrow()
    return Number(count)
  }
  return { ...settingsOf(row), pending: await count('pending'), held: await count('held') }
}

function settingsOf(row: Row): DestinationSettings {
  return {
    accountId: row.account_id,
    origin: row.origin,
    paused: row.state === 'paused',
    concurrency: row.concurrency,
    ratePerSecond: row.rate_per_second,
  }
}
