/** Work in bulk that is under way, in a line each, above the list that it works on; with the way to its page. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { BulkWire } from '../../src/inspector/wire-operations.ts'
import { runningJobsQuery } from '../api/operations.ts'
import { bulkProgress, jobPlace } from '../model/bulk-progress.ts'
import { count } from '../model/quantity.ts'

type Props = {
  /** Only jobs of this one; left out, all of them. */
  readonly workflowId?: string
  /** The one whose bar is open. */
  readonly except: string | undefined
}

/** More are a number: nobody follows four at once. */
const SHOWN = 3

export function RunningJobs({ workflowId, except }: Props) {
  const { data = [] } = useQuery(runningJobsQuery)
  const jobs = data.filter(
    (job) => job.id !== except && (workflowId === undefined || job.workflowId === workflowId),
  )
  if (jobs.length === 0) return null
  return (
    <ul className="running-jobs" aria-label="Jobs that run">
      {jobs.slice(0, SHOWN).map((job) => (
        <RunningJob key={job.id} job={job} />
      ))}
      {jobs.length > SHOWN && <li className="faint">and {count(jobs.length - SHOWN)} more</li>}
    </ul>
  )
}

function RunningJob({ job }: { readonly job: BulkWire }) {
  const { text, share, left, problem } = bulkProgress(job)
  return (
    <li>
      <progress aria-label={text} max={1} {...(share === null ? {} : { value: share })} />
      <span>{text}</span>
      {left !== null && <span className="faint">{left}</span>}
      {problem !== null && (
        <span className="bulk-problem" title={problem}>
          {problem}
        </span>
      )}
      <Link {...jobPlace(job)}>
        Show<span className="visually-hidden"> this job</span>
      </Link>
    </li>
  )
}
