/**
 * The one page of a workflow: what came in on the left, and on the right the workflow as it ran for the
 * selected event; with nothing selected, as it is now. The address holds what is selected and open.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Suspense, useCallback, useEffect, useState } from 'react'
import { ApiProblem } from '../api/client.ts'
import { workflowQuery } from '../api/queries.ts'
import { DraftStore } from '../editor/draft-store.ts'
import { LeaveGuard } from '../editor/leave-guard.tsx'
import { useCheck } from '../editor/use-check.ts'
import { EditorContext, useDraftStore } from '../editor/use-editor.ts'
import { useSave } from '../editor/use-save.ts'
import { useTestRun } from '../editor/use-test-run.ts'
import { EventsPane } from '../inspector/events-pane.tsx'
import { usePlace } from '../inspector/place.ts'
import { RunPane } from '../inspector/run-pane.tsx'
import { useEventFeed } from '../inspector/use-event-feed.ts'
import { useWorkflowKeys } from '../inspector/use-workflow-keys.ts'
import { useWorkflowActions } from '../inspector/use-workflow-actions.ts'
import { WorkflowHead } from '../inspector/workflow-head.tsx'
import type { HeadDialog } from '../inspector/workflow-head.tsx'
import { readSearch } from '../model/search-words.ts'
import { useCommandKey } from '../parts/command-keys.ts'
import { lazyPart } from '../parts/lazy-part.tsx'
import { notifyProblem } from '../parts/notice.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { useChoice } from '../parts/use-choice.ts'
import { TopBar } from '../shell/top-bar.tsx'

export function WorkflowPage() {
  const { workflowId } = usePlace()
  const { data: workflow, error, refetch } = useQuery(workflowQuery(workflowId))
  if (workflow) {
    const isGone = error instanceof ApiProblem && error.status === 404
    return <Editing key={workflow.id} workflow={workflow} isGone={isGone} />
  }
  return (
    <div className="page">
      <TopBar
        nav={error !== null}
        title={error ? 'Workflow' : <span className="visually-hidden">Workflow</span>}
      />
      {error ? (
        <main className="list-page">
          <ProblemNote problem={error} retry={() => void refetch()} />
        </main>
      ) : (
        <>
          <div className="endpoint-bar" />
          <main className="panes" data-narrow="events">
            <div className="events-pane">
              <Skeleton lines={16} />
            </div>
          </main>
        </>
      )}
    </div>
  )
}

const TestDialog = lazyPart(async () => (await import('../editor/test-dialog.tsx')).TestDialog)

type Props = { readonly workflow: Parameters<typeof WorkflowHead>[0]['workflow'] }

/** One draft for as long as the page shows this workflow. */
function Editing({ workflow, isGone }: Props & { readonly isGone: boolean }) {
  const [store] = useState(() => new DraftStore(workflow))
  useEffect(() => store.hear(workflow), [store, workflow])
  useEffect(() => store.setGone(isGone), [store, isGone])
  return (
    <EditorContext value={store}>
      <Workflow workflow={workflow} />
      <LeaveGuard />
    </EditorContext>
  )
}

function Workflow({ workflow }: Props) {
  const { search, go } = usePlace()
  const [dialog, setDialog] = useState<HeadDialog | null>(null)
  const [isTesting, setTesting] = useState(false)
  const openTest = useCallback(() => setTesting(true), [])
  const save = useSave()
  const tests = useTestRun(workflow.id, { refused: notifyProblem })
  const store = useDraftStore()
  useCommandKey('s', save)
  // On the selected event, else on what was run last; there is always something to begin with.
  useCommandKey('Enter', () => {
    const event = search.event ?? store.state().dryRun?.event
    if (event === undefined) openTest()
    else if (!tests.isRunning) tests.dry(event)
  })
  useCheck()
  const narrow = search.event !== undefined || search.view === 'steps' ? 'run' : 'events'
  return (
    <div className="page workflow-page">
      <title>{`${workflow.name} · Sendoff`}</title>
      <WorkflowHead
        workflow={workflow}
        tests={tests}
        eventId={search.event}
        openTest={openTest}
        save={save}
        dialog={dialog}
        open={setDialog}
      />
      <main className="panes" data-narrow={narrow}>
        <Events
          workflow={workflow}
          tests={tests}
          save={save}
          openTest={openTest}
          open={setDialog}
        />
        <RunPane
          workflow={workflow}
          runDry={tests.dry}
          close={() =>
            go({ event: undefined, delivery: undefined, pane: undefined, view: undefined })
          }
        />
      </main>
      <Suspense>
        {isTesting && (
          <TestDialog workflow={workflow} eventId={search.event} close={() => setTesting(false)} />
        )}
      </Suspense>
    </div>
  )
}

type EventsProps = Props & {
  readonly tests: ReturnType<typeof useTestRun>
  readonly save: () => void
  readonly openTest: () => void
  readonly open: (dialog: HeadDialog) => void
}

/** What hears of every event stands apart, so that neither the head nor the steps are drawn for each. */
function Events({ workflow, ...doing }: EventsProps) {
  const { search } = usePlace()
  const [isPaused, setPaused] = useState(false)
  const found = readSearch(search.q ?? '')
  const following = useEventFeed(workflow.id, found.filter, search.event)
  const { rows } = following.view
  const choosing = useChoice(rows, `${workflow.id} ${search.q ?? ''}`)
  const pause = (paused: boolean): void => {
    setPaused(paused)
    if (!paused) following.feed.letAllIn()
  }
  const togglePause = (): void => pause(!isPaused)
  useNewerVersion(workflow, rows[0]?.version ?? 0)
  useWorkflowKeys({ workflow, rows, choosing, togglePause, openTest: doing.openTest })
  useWorkflowActions({ workflow, isPaused, pause, ...doing })
  return (
    <EventsPane
      workflow={workflow}
      following={following}
      found={found}
      isPaused={isPaused}
      pause={pause}
      choosing={choosing}
    />
  )
}

/** An event that ran on a version which is not known here: somebody saved it elsewhere. */
function useNewerVersion({ id, version }: Props['workflow'], seen: number): void {
  const queries = useQueryClient()
  useEffect(() => {
    if (seen > version) {
      void queries.invalidateQueries({ queryKey: workflowQuery(id).queryKey })
    }
  }, [queries, id, version, seen])
}
