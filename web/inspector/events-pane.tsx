/** The left side: what came in, found and followed. */
import type { WorkflowWire } from '../../src/inspector/wire.ts'
import type { EventFeed, FeedView } from '../api/event-feed.ts'
import { curlOfEndpoint } from '../model/curl.ts'
import type { Search } from '../model/search-words.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { EventList } from './event-list.tsx'
import { ListBar } from './list-bar.tsx'
import { usePlace } from './place.ts'

type Props = {
  readonly workflow: WorkflowWire
  readonly following: { readonly feed: EventFeed; readonly view: FeedView }
  readonly found: Search
  readonly isPaused: boolean
  readonly pause: (paused: boolean) => void
}

export function EventsPane({ workflow, following, found, isPaused, pause }: Props) {
  const { feed, view } = following
  const isEmpty = view.rows.length === 0 && view.heldCount === 0
  return (
    <section className="events-pane" aria-label="Inspector">
      <ListBar view={view} found={found} isPaused={isPaused} pause={pause} />
      {view.problem && <ProblemNote problem={view.problem} retry={() => feed.readAgain()} />}
      {view.phase === 'loading' && <Skeleton lines={12} />}
      {view.phase !== 'loading' && isEmpty && !view.hasOlder && (
        <Nothing workflow={workflow} isFiltered={Object.keys(found.filter).length > 0} />
      )}
      {view.phase !== 'loading' && (!isEmpty || view.hasOlder) && (
        <EventList feed={feed} view={view} version={workflow.version} isPaused={isPaused} />
      )}
    </section>
  )
}

function Nothing({ workflow, isFiltered }: { workflow: WorkflowWire; isFiltered: boolean }) {
  const { go } = usePlace()
  if (!isFiltered) {
    return (
      <EmptyState command={curlOfEndpoint(workflow.endpoint)}>
        No events yet. Send one and it appears here.
      </EmptyState>
    )
  }
  const clear = (
    <button type="button" onClick={() => go({ q: undefined })}>
      Clear the search
    </button>
  )
  return <EmptyState action={clear}>No event meets this search.</EmptyState>
}
