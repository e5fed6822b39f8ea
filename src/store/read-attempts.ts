/**
 * Attempts, as many as one answer carries. A run may send 1,000 requests and each may be tried 50 times, with
 * 64 KiB of answer every time: gigabytes that nobody reads at once, and that would hold up everything else.
 *
 * Of an event, its deliveries have all their attempts as long as these fit; those after them are abridged
 * to the latest one, without headers and bodies. One delivery has its latest attempts, as many as fit.
 */
import { sql } from 'kysely'
import type { ExpressionBuilder, Kysely } from 'kysely'
import type { Attempt, CapturedResponse, FailureCode } from '../model/delivery.ts'
import type { DeliveryKey } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>
type Place = { readonly step: number; readonly index: number }

/** What an attempt takes besides what was sent and received. */
const FRAME_BYTES = 512

const SIZE = sql<number>`${FRAME_BYTES} + coalesce(octet_length(request), 0)
  + coalesce(octet_length(response), 0) + coalesce(octet_length(response_body), 0)`

/** All but what was sent and the body that came back. */
const SHORT = [
  'step',
  'call_index',
  'number',
  'started_at',
  'outcome',
  'code',
  'remote_address',
  'timings',
  'error',
  'response',
] as const

/** By the delivery's `placeOf`; one without attempts is not there. */
export type EventAttempts = ReadonlyMap<
  string,
  { readonly attempts: readonly Attempt[]; readonly isAbridged: boolean }
>

export const placeOf = (row: { readonly step: number; readonly call_index: number }): string =>
  `${row.step} ${row.call_index}`

export async function readAttempts(
  db: Db,
  accountId: number,
  eventId: string,
): Promise<EventAttempts> {
  const end = await firstThatDoesNotFit(db, accountId, eventId)
  const all = attemptsOf(db, accountId, eventId).orderBy('step').orderBy('call_index')
  const whole = all.selectAll().orderBy('number')
  if (!end) return new Map(grouped(await whole.execute(), attemptOf, false))
  const fitting = await whole.where((eb) => isBefore(eb, end)).execute()
  const abridged = await all
    .select(SHORT)
    .where((eb) => eb.not(isBefore(eb, end)))
    .where('number', '=', (eb) =>
      eb
        .selectFrom('attempt as later')
        .select(({ fn }) => fn.max('later.number').as('number'))
        .whereRef('later.account_id', '=', 'attempt.account_id')
        .whereRef('later.event_id', '=', 'attempt.event_id')
        .whereRef('later.step', '=', 'attempt.step')
        .whereRef('later.call_index', '=', 'attempt.call_index'),
    )
    .execute()
  return new Map([...grouped(fitting, attemptOf, false), ...grouped(abridged, inShort, true)])
}

/** Oldest first; `before`: only those with lower numbers. The latest is there however large it is. */
export async function readLatestAttempts(
  db: Db,
  accountId: number,
  { eventId, step, index }: DeliveryKey,
  before: number | null,
): Promise<readonly Attempt[]> {
  const own = attemptsOf(db, accountId, eventId)
    .where('step', '=', step)
    .where('call_index', '=', index)
    .where('number', '<', before ?? Number.MAX_SAFE_INTEGER)
  const sizes = await own
    .select(['number', SIZE.as('size')])
    .orderBy('number', 'desc')
    .execute()
  let total = 0
  const fitting = sizes.filter(
    ({ size }, i) => (total += size) <= limits.answerAttemptBytes || i === 0,
  )
  if (fitting.length === 0) return []
  const rows = own.selectAll().where('number', '>=', fitting.at(-1)!.number).orderBy('number')
  return (await rows.execute()).map(attemptOf)
}

const attemptsOf = (db: Db, accountId: number, eventId: string) =>
  db.selectFrom('attempt').where('account_id', '=', accountId).where('event_id', '=', eventId)

/** Null where all do. Sizes are read off the rows' heads, not by reading what they hold. */
async function firstThatDoesNotFit(
  db: Db,
  accountId: number,
  eventId: string,
): Promise<Place | null> {
  const sizes = await attemptsOf(db, accountId, eventId)
    .select(['step', 'call_index as index', sql<number | string>`sum(${SIZE})`.as('size')])
    .groupBy(['step', 'call_index'])
    .orderBy('step')
    .orderBy('call_index')
    .execute()
  let total = 0
  return sizes.find(({ size }) => (total += Number(size)) > limits.answerAttemptBytes) ?? null
}

const isBefore = (eb: ExpressionBuilder<Tables, 'attempt'>, { step, index }: Place) =>
  eb.or([eb('step', '<', step), eb.and([eb('step', '=', step), eb('call_index', '<', index)])])

function* grouped<Row extends ShortRow>(
  rows: readonly Row[],
  read: (row: Row) => Attempt,
  isAbridged: boolean,
): Generator<[string, { attempts: readonly Attempt[]; isAbridged: boolean }]> {
  for (const [place, own] of Map.groupBy(rows, placeOf)) {
    yield [place, { attempts: own.map(read), isAbridged }]
  }
}

type ShortRow = Pick<Tables['attempt'], (typeof SHORT)[number]>

const NOTHING = new Uint8Array()

function inShort(row: ShortRow): Attempt {
  const attempt = attemptOf({ ...row, request: null, response_body: NOTHING })
  const { response } = attempt
  return { ...attempt, response: response && { ...response, headers: [] } }
}

function attemptOf(row: ShortRow & Pick<Tables['attempt'], 'request' | 'response_body'>): Attempt {
  const response = parsed(row.response) as Omit<CapturedResponse, 'body'> | null
  return {
    number: row.number,
    startedAt: row.started_at,
    outcome: row.outcome as Attempt['outcome'],
    code: row.code as FailureCode | null,
    remoteAddress: row.remote_address,
    timings: parsed(row.timings) as Attempt['timings'],
    request: parsed(row.request) as Attempt['request'],
    response: response && { ...response, body: row.response_body! },
    error: parsed(row.error) as Attempt['error'],
  }
}

const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json))
