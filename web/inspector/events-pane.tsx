/** The left side: what came in, found and followed. */
import { Suspense } from 'react'
import type { EventRowWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { curlOfEndpoint } from '../model/curl.ts'
import type { Search } from '../model/search-words.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { lazyPart } from '../parts/lazy-part.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { RunningJobs } from '../parts/running-jobs.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import type { Choosing } from '../parts/use-choice.ts'
import type { Following } from '../parts/use-row-feed.ts'
import { EventList } from './event-list.tsx'
import { ListBar } from './list-bar.tsx'
import { usePlace } from './place.ts'

/** Loaded when somebody chooses the first event, or comes back to a job. */
const EventsChoice = lazyPart(async () => (await import('./events-choice.tsx')).EventsChoice)
const BulkBar = lazyPart(async () => (await import('../parts/bulk-bar.tsx')).BulkBar)

type Props = {
  readonly workflow: WorkflowWire
  readonly following: Following<EventRowWire>
  readonly found: Search
  readonly isPaused: boolean
  readonly pause: (paused: boolean) => void
  readonly choosing: Choosing
}

export function EventsPane(props: Props) {
  const { workflow, following, found, isPaused, pause, choosing } = props
  const { search, go } = usePlace()
  const { feed, view } = following
  const isEmpty = view.rows.length === 0 && view.heldCount === 0
  return (
    <section className="events-pane" aria-label="Inspector">
      <ListBar
        view={view}
        found={found}
        version={workflow.version}
        isPaused={isPaused}
        pause={pause}
      />
      <RunningJobs workflowId={workflow.id} except={search.bulk} />
      <Suspense>
        {search.bulk !== undefined && (
          <BulkBar id={search.bulk} close={() => go({ bulk: undefined }, { replace: true })} />
        )}
        {choosing.isAny && (
          <EventsChoice
            workflow={workflow}
            filter={found.filter}
            choosing={choosing}
            begun={(bulk) => go({ bulk }, { replace: true })}
          />
        )}
      </Suspense>
      {view.problem && <ProblemNote problem={view.problem} retry={() => feed.readAgain()} />}
      {view.phase === 'loading' && <Skeleton lines={12} />}
      {view.phase === 'ready' && isEmpty && !view.hasOlder && (
        <Nothing workflow={workflow} isFiltered={Object.keys(found.filter).length > 0} />
      )}
      {view.phase !== 'loading' && (!isEmpty || view.hasOlder) && (
        <EventList
          feed={feed}
          view={view}
          version={workflow.version}
          isPaused={isPaused}
          choosing={choosing}
        />
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
