/** The events of one workflow that meet a search, and the details of the selected one, both kept current. */
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import type { EventRowWire } from '../../src/inspector/wire-event.ts'
import { paced } from '../api/paced.ts'
import { eventQuery } from '../api/queries.ts'
import { eventsOf } from '../api/sources.ts'
import type { EventFilter } from '../model/search-words.ts'
import { useRowFeed } from '../parts/use-row-feed.ts'
import type { Following } from '../parts/use-row-feed.ts'

const DETAIL_PACE_MS = 150

/** `selected`: the event whose details are read again whenever something of it changes. */
export function useEventFeed(
  workflowId: string,
  filter: EventFilter,
  selected: string | undefined,
): Following<EventRowWire> {
  const refresh = useRefreshOf(selected)
  const name = `${workflowId} ${JSON.stringify(filter)}`
  return useRowFeed(name, () => eventsOf(workflowId, filter), refresh)
}

function useRefreshOf(selected: string | undefined) {
  const queries = useQueryClient()
  const refresh = useRef<(eventId: string | null) => void>(() => undefined)
  useEffect(() => {
    if (selected === undefined) return undefined
    const over = new AbortController()
    const { queryKey } = eventQuery(selected)
    const read = paced(() => queries.invalidateQueries({ queryKey }), DETAIL_PACE_MS, over.signal)
    refresh.current = (eventId) => {
      if (eventId === null || eventId === selected) read()
    }
    return () => {
      over.abort()
      refresh.current = () => undefined
    }
  }, [queries, selected])
  return useCallback((eventId: string | null) => refresh.current(eventId), [])
}
