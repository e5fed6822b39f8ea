/**
 * How workflows have been doing: the last day in hours, and the latest events for what went wrong last.
 * For the page that lists workflows, so the work per workflow is small and bounded.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Clock } from '../clock.ts'
import { limits } from '../model/limits.ts'
import type { Activity, EventRow, Page } from './inspect.ts'
import { listWorkflows } from './read-definitions.ts'
import { listEvents } from './read-events.ts'
import { countEvents } from './read-stats.ts'
import type { Tables } from './tables.ts'

type Deps = { readonly db: Kysely<Tables>; readonly clock: Clock }

const HOUR_MS = 60 * 60 * 1000
const HOURS = 24

/** In the order, and with the cursors, of the list of workflows. `now` ends the last hour. */
export async function listActivity(
  deps: Deps,
  accountId: number,
  now: number,
  limit: number,
  cursor: string | null,
): Promise<Page<Activity>> {
  const { data: workflows, nextCursor } = await listWorkflows(deps.db, accountId, limit, cursor)
  const data: Activity[] = []
  for (const { id } of workflows) {
    data.push(await activityOf(deps, accountId, id, now))
    await nextTurn()
  }
  return { data, nextCursor }
}

async function activityOf(
  deps: Deps,
  accountId: number,
  workflowId: string,
  now: number,
): Promise<Activity> {
  const hours: number[] = []
  for (let left = HOURS; left > 0; left--) {
    const from = now - left * HOUR_MS
    const scope = { accountId, workflowId }
    const { count } = await countEvents(deps.db, scope, from, from + HOUR_MS, limits.hourCounted)
    hours.push(count)
  }
  const latest = await listEvents(deps, accountId, workflowId, {}, limits.latestEvents, null)
  const wrong = latest.data.filter(wentWrong)
  return {
    workflowId,
    hours,
    looked: latest.data.length,
    failed: wrong.length,
    lastEventAt: latest.data[0]?.receivedAt ?? null,
    lastError: wrong[0] ?? null,
  }
}

const wentWrong = ({ error, status, dest }: EventRow): boolean =>
  error !== null || status === 'failed' || status === 'timed_out' || dest.failed > 0
