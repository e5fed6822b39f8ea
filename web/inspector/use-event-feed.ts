/** The feed of one workflow and filter for as long as a component shows it. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { EventFeed } from '../api/event-feed.ts'
import type { FeedView } from '../api/event-feed.ts'
import { paced } from '../api/paced.ts'
import { eventQuery } from '../api/queries.ts'
import type { EventFilter } from '../model/search-words.ts'

const DETAIL_PACE_MS = 150

type Following = { readonly feed: EventFeed; readonly view: FeedView }

/** `selected`: the event whose details are read again whenever something of it changes. */
export function useEventFeed(
  workflowId: string,
  filter: EventFilter,
  selected: string | undefined,
): Following {
  const refresh = useRefreshOf(selected)
  const filterKey = JSON.stringify(filter)
  const feed = useMemo(
    () =>
      new EventFeed(workflowId, JSON.parse(filterKey) as EventFilter, (id) => refresh.current(id)),
    [workflowId, filterKey, refresh],
  )
  useEffect(() => {
    feed.start()
    return () => feed.stop()
  }, [feed])
  const view = useSyncExternalStore(feed.subscribe, feed.view)
  return { feed, view }
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
  return refresh
}
