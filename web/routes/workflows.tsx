/** All workflows: what each is called, where its events enter, how its last day went, what failed last. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import type { ActivityWire } from '../../src/inspector/wire-operations.ts'
import { activityQuery } from '../api/operations.ts'
import { workflowsQuery } from '../api/queries.ts'
import { NewWorkflow } from '../editor/new-workflow.tsx'
import { curlOfCreation } from '../model/curl.ts'
import { count, plural } from '../model/quantity.ts'
import { sparklineOf } from '../model/sparkline.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { RelativeTime } from '../parts/relative-time.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { TopBar } from '../shell/top-bar.tsx'

export function WorkflowsPage() {
  const { data, error, refetch } = useQuery(workflowsQuery)
  const { data: activity } = useQuery(activityQuery)
  return (
    <div className="page">
      <title>Workflows · Sendoff</title>
      <TopBar title="Workflows" nav>
        <NewWorkflow />
      </TopBar>
      <main className="workflows">
        {error && !data && <ProblemNote problem={error} retry={() => void refetch()} />}
        {!data && !error && <Skeleton lines={6} />}
        {data?.length === 0 && (
          <EmptyState command={curlOfCreation(location.origin)}>
            There are no workflows yet.
          </EmptyState>
        )}
        {data && data.length > 0 && (
          <>
            <div className="workflow-row workflow-head" aria-hidden="true">
              <span>Workflow</span>
              <span>Endpoint</span>
              <span>Events of 24 h</span>
              <span>Last error</span>
              <span>Last event</span>
            </div>
            <ul aria-label="Workflows">
              {data.map((workflow) => (
                <WorkflowRow
                  key={workflow.id}
                  workflow={workflow}
                  activity={activity?.get(workflow.id)}
                />
              ))}
            </ul>
          </>
        )}
      </main>
    </div>
  )
}

type RowProps = {
  readonly workflow: WorkflowWire
  /** Undefined until it is known. */
  readonly activity: ActivityWire | undefined
}

function WorkflowRow({ workflow, activity }: RowProps) {
  const { id, name, version, active, endpoint, steps } = workflow
  return (
    <li className="workflow-row">
      <div className="workflow-name">
        <Link to="/workflows/$workflowId" params={{ workflowId: id }}>
          {name}
        </Link>
        <span className="faint">
          v{version} · {plural(steps.length, 'step')}
          {!active && <span className="inactive"> · Inactive</span>}
        </span>
      </div>
      <div className="workflow-endpoint">
        <code title={endpoint}>{endpoint}</code>
        <CopyButton text={endpoint} what={`the endpoint of ${name}`} />
      </div>
      {activity ? <Day activity={activity} /> : <span />}
      <LastError workflowId={id} activity={activity} />
      <span className="workflow-last faint">
        {activity?.lastEventAt ? (
          <RelativeTime at={activity.lastEventAt} />
        ) : (
          activity && 'No events yet'
        )}
      </span>
    </li>
  )
}

const BAR_PX = 3
const HEIGHT_PX = 18

function Day({ activity }: { readonly activity: ActivityWire }) {
  const { bars, total, spoken } = sparklineOf(activity)
  return (
    <span className="day-of-events" role="img" aria-label={spoken} title={spoken}>
      <svg width={bars.length * (BAR_PX + 1)} height={HEIGHT_PX} aria-hidden="true">
        {bars.map((share, hour) => (
          <rect
            key={hour}
            x={hour * (BAR_PX + 1)}
            y={share === 0 ? HEIGHT_PX - 1 : HEIGHT_PX * (1 - share)}
            width={BAR_PX}
            height={share === 0 ? 1 : HEIGHT_PX * share}
            data-none={share === 0}
          />
        ))}
      </svg>
      <span className="number">{count(total)}</span>
    </span>
  )
}

function LastError({
  workflowId,
  activity,
}: {
  workflowId: string
  activity: RowProps['activity']
}) {
  const error = activity?.lastError
  if (!activity || !error) return <span className="workflow-error" />
  return (
    <Link
      className="workflow-error"
      to="/workflows/$workflowId"
      params={{ workflowId }}
      search={{ event: error.eventId }}
      title={`${error.message} (${activity.failed} of the latest ${activity.looked} events went wrong)`}
    >
      <span className="workflow-failed">
        {activity.failed} of {activity.looked}
      </span>{' '}
      {error.message}
    </Link>
  )
}
