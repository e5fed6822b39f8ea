/**
 * The destinations, read again when the stream tells of deliveries, and now and then for what no hint
 * tells (a rate that fades, a wait that ends). What is shown changes where it stands; one that is new would
 * push those after it down, so it is held back while somebody is at the table.
 */
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { DestinationWire } from '../../src/inspector/wire-operations.ts'
import { followLive } from '../api/live.ts'
import type { LiveState } from '../api/live.ts'
import { destinationsQuery } from '../api/operations.ts'
import { paced } from '../api/paced.ts'

const PACE_MS = 1_000
const REFETCH_MS = 30_000

export type LiveDestinations = {
  readonly rows: readonly DestinationWire[] | undefined
  readonly heldCount: number
  readonly letIn: () => void
  readonly query: Pick<
    UseInfiniteQueryResult,
    'error' | 'refetch' | 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'
  >
}

/** Of one search, for as long as this is there. `isHeld`: nothing may move now. */
export function useDestinations(q: string, isHeld: boolean): LiveDestinations {
  const query = useInfiniteQuery({ ...destinationsQuery(q), refetchInterval: REFETCH_MS })
  const { data } = query
  const [shown, show] = useState(data)
  if (data && data !== shown && (!isHeld || !shown)) show(data)
  const known = new Set(shown?.map(({ id }) => id))
  const end = shown?.at(-1)?.origin ?? ''
  const rows = isHeld ? data?.filter(({ id, origin }) => known.has(id) || origin > end) : data
  const heldCount = (data?.length ?? 0) - (rows?.length ?? 0)
  return { rows, heldCount, letIn: () => show(data), query }
}

/** Has them read again as deliveries go out. */
export function useLiveHints(): LiveState {
  const queries = useQueryClient()
  const [live, setLive] = useState<LiveState>('connecting')
  useEffect(() => {
    const over = new AbortController()
    const again = () => queries.invalidateQueries({ queryKey: ['destinations'] })
    const read = paced(again, PACE_MS, over.signal)
    const close = followLive(null, {
      hint: (kind) => kind !== 'event' && read(),
      reset: read,
      state: setLive,
    })
    return () => {
      over.abort()
      close()
    }
  }, [queries])
  return live
}
