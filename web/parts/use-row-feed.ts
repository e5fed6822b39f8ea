/** A feed for as long as a component shows it; another `name` is another list. */
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { RowFeed } from '../api/row-feed.ts'
import type { FeedView, RowSource } from '../api/row-feed.ts'
import type { Row } from '../model/feed.ts'

export type Following<One extends Row> = {
  readonly feed: RowFeed<One>
  readonly view: FeedView<One>
}

/** `changed` hears which event changed; null when it may have been any. */
export function useRowFeed<One extends Row>(
  name: string,
  sourceOf: () => RowSource<One>,
  changed?: (eventId: string | null) => void,
): Following<One> {
  const latest = useRef({ sourceOf, changed })
  useEffect(() => {
    latest.current = { sourceOf, changed }
  })
  const feed = useMemo(
    // The name says all that the source is made of.
    () => new RowFeed(sourceOf(), (id) => latest.current.changed?.(id)),
    [name],
  )
  useEffect(() => {
    feed.start()
    return () => feed.stop()
  }, [feed])
  const view = useSyncExternalStore(feed.subscribe, feed.view)
  return { feed, view }
}
