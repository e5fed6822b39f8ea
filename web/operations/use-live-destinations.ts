/**
 * The destinations, read again when the stream tells of deliveries, and now and then for what no hint
 * tells (a rate that fades, a wait that ends). What is shown changes where it stands; one that is new would
 * push the others down, so it is held back while somebody is at the table.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
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
  readonly live: LiveState
  readonly error: Error | null
  readonly readAgain: () => void
}

/** `isHeld`: nothing may move now. */
export function useLiveDestinations(isHeld: boolean): LiveDestinations {
  const { data, error, refetch } = useQuery({ ...destinationsQuery, refetchInterval: REFETCH_MS })
  const [shown, show] = useState(data)
  const live = useLive()
  if (data && data !== shown && (!isHeld || !shown)) show(data)
  const known = new Set(shown?.map(({ id }) => id))
  const rows = isHeld ? data?.filter(({ id }) => known.has(id)) : data
  return {
    rows,
    heldCount: (data?.length ?? 0) - (rows?.length ?? 0),
    letIn: () => show(data),
    live,
    error,
    readAgain: () => void refetch(),
  }
}

function useLive(): LiveState {
  const queries = useQueryClient()
  const [live, setLive] = useState<LiveState>('connecting')
  useEffect(() => {
    const over = new AbortController()
    const { queryKey } = destinationsQuery
    const read = paced(() => queries.invalidateQueries({ queryKey }), PACE_MS, over.signal)
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
