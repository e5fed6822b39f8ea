/** Work in bulk of the last days, newest first: what was done, when, and what could not be. */
import { Dialog } from '@base-ui/react/dialog'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { BulkWire } from '../../src/inspector/wire-operations.ts'
import { recentJobsQuery } from '../api/operations.ts'
import { workflowsQuery } from '../api/queries.ts'
import { bulkProgress, jobPlace } from '../model/bulk-progress.ts'
import { useBackCloses } from '../parts/back-closes.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { OlderButton } from '../parts/older-button.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { RelativeTime } from '../parts/relative-time.tsx'
import { Skeleton } from '../parts/skeleton.tsx'

export function JobsDialog({ close }: { readonly close: () => void }) {
  useBackCloses(close)
  const list = useInfiniteQuery(recentJobsQuery)
  const { data, error, refetch } = list
  const { data: workflows = [] } = useQuery(workflowsQuery)
  const names = new Map(workflows.map(({ id, name }) => [id, name]))
  const jobs = data?.pages.flatMap((page) => page.data)
  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog dialog-form">
          <Dialog.Title className="dialog-title">Recent jobs</Dialog.Title>
          {error && !jobs && <ProblemNote problem={error} retry={() => void refetch()} />}
          {!jobs && !error && <Skeleton lines={4} />}
          {jobs?.length === 0 && (
            <EmptyState>
              Nothing was replayed or redelivered in bulk. Choose rows of a list to begin.
            </EmptyState>
          )}
          {jobs && jobs.length > 0 && (
            <ul className="job-list" aria-label="Recent jobs">
              {jobs.map((job) => (
                <Job
                  key={job.id}
                  job={job}
                  workflow={names.get(job.workflowId ?? '')}
                  close={close}
                />
              ))}
            </ul>
          )}
          <OlderButton list={list} />
          <div className="dialog-actions">
            <Dialog.Close>Close</Dialog.Close>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

type JobProps = {
  readonly job: BulkWire
  readonly workflow: string | undefined
  readonly close: () => void
}

function Job({ job, workflow, close }: JobProps) {
  const { text, problem, isOver } = bulkProgress(job)
  return (
    <li>
      <Link {...jobPlace(job)} onClick={close} data-tone={isOver ? undefined : 'waiting'}>
        {text}
      </Link>
      {workflow !== undefined && <span className="faint job-of">{workflow}</span>}
      <span className="faint job-at">
        <RelativeTime at={job.finishedAt ?? job.createdAt} />
      </span>
      {problem !== null && (
        <span className="bulk-problem" title={problem}>
          {problem}
        </span>
      )}
    </li>
  )
}
