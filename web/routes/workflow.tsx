/**
 * The one page of a workflow: what came in on the left, and on the right the workflow as it ran for the
 * selected event; with nothing selected, as it is now. The address holds what is selected and open.
 */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { workflowQuery } from '../api/queries.ts'
import { EventsPane } from '../inspector/events-pane.tsx'
import { usePlace } from '../inspector/place.ts'
import { RunPane } from '../inspector/run-pane.tsx'
import { useEventFeed } from '../inspector/use-event-feed.ts'
import { useWorkflowKeys } from '../inspector/use-workflow-keys.ts'
import { WorkflowHead } from '../inspector/workflow-head.tsx'
import { readSearch } from '../model/search-words.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { TopBar } from '../shell/top-bar.tsx'

export function WorkflowPage() {
  const { workflowId } = usePlace()
  const { data: workflow, error, refetch } = useQuery(workflowQuery(workflowId))
  if (workflow) return <Workflow key={workflow.id} workflow={workflow} />
  return (
    <div className="page">
      <TopBar />
      <main className="plain-page">
        {error ? (
          <ProblemNote problem={error} retry={() => void refetch()} />
        ) : (
          <Skeleton lines={8} />
        )}
      </main>
    </div>
  )
}

type Props = { readonly workflow: Parameters<typeof WorkflowHead>[0]['workflow'] }

function Workflow({ workflow }: Props) {
  const { search, go } = usePlace()
  const [isPaused, setPaused] = useState(false)
  const found = readSearch(search.q ?? '')
  const following = useEventFeed(workflow.id, found.filter, search.event)
  const pause = (paused: boolean): void => {
    setPaused(paused)
    if (!paused) following.feed.letAllIn()
  }
  useWorkflowKeys({ workflow, rows: following.view.rows, togglePause: () => pause(!isPaused) })
  const narrow = search.event !== undefined || search.view === 'steps' ? 'run' : 'events'
  return (
    <div className="page workflow-page">
      <title>{`${workflow.name} · Sendoff`}</title>
      <WorkflowHead workflow={workflow} />
      <main className="panes" data-narrow={narrow}>
        <EventsPane
          workflow={workflow}
          following={following}
          found={found}
          isPaused={isPaused}
          pause={pause}
        />
        <RunPane
          workflow={workflow}
          close={() =>
            go({ event: undefined, delivery: undefined, pane: undefined, view: undefined })
          }
        />
      </main>
    </div>
  )
}
