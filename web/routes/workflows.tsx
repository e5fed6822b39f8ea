/** All workflows: what each is called, where its events enter, and how the latest of them went. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { WorkflowWire } from '../../src/inspector/wire.ts'
import { latestQuery, workflowsQuery } from '../api/queries.ts'
import { NewWorkflow } from '../editor/new-workflow.tsx'
import { latestOf } from '../model/latest.ts'
import type { Latest } from '../model/latest.ts'
import { count, plural } from '../model/quantity.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { RelativeTime } from '../parts/relative-time.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { TopBar } from '../shell/top-bar.tsx'

export function WorkflowsPage() {
  const { data, error, refetch } = useQuery(workflowsQuery)
  return (
    <div className="page">
      <title>Workflows · Sendoff</title>
      <TopBar title={data && data.length > 0 ? `Workflows ${count(data.length)}` : 'Workflows'}>
        <NewWorkflow />
      </TopBar>
      <main className="workflows">
        {error && !data && <ProblemNote problem={error} retry={() => void refetch()} />}
        {!data && !error && <Skeleton lines={6} />}
        {data?.length === 0 && (
          <EmptyState command={createCommand(location.origin)}>
            There are no workflows yet.
          </EmptyState>
        )}
        {data && data.length > 0 && (
          <ul className="workflow-list" aria-label="Workflows">
            {data.map((workflow) => (
              <WorkflowRow key={workflow.id} workflow={workflow} />
            ))}
          </ul>
        )}
      </main>
    </div>
  )
}

function WorkflowRow({ workflow }: { readonly workflow: WorkflowWire }) {
  const { id, name, version, active, endpoint, steps } = workflow
  const { data } = useQuery(latestQuery(id))
  const latest = data ? latestOf(data.data) : null
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
      <Strip latest={latest} />
      <LastError workflowId={id} latest={latest} />
      <span className="workflow-last faint">
        {latest?.lastAt ? <RelativeTime at={latest.lastAt} /> : latest && 'No events yet'}
      </span>
    </li>
  )
}

function Strip({ latest }: { readonly latest: Latest | null }) {
  if (!latest || latest.marks.length === 0) return <span className="strip" />
  return (
    <span
      className="strip"
      role="img"
      aria-label={`The latest: ${latest.spoken}`}
      title={latest.spoken}
    >
      {latest.marks.map((mark, i) => (
        <span key={i} data-mark={mark} />
      ))}
    </span>
  )
}

function LastError({ workflowId, latest }: { workflowId: string; latest: Latest | null }) {
  const error = latest?.lastError
  if (!error) return <span className="workflow-error" />
  return (
    <Link
      className="workflow-error"
      to="/workflows/$workflowId"
      params={{ workflowId }}
      search={{ event: error.eventId }}
      title={error.text}
    >
      {error.text}
    </Link>
  )
}

const createCommand = (origin: string): string =>
  `curl ${origin}/api/v1/workflows -H "authorization: Bearer $TOKEN" -H "content-type: application/json" ` +
  `-d '{"name": "Orders", "steps": [{"type": "code", "code": "console.log($event.body)"}]}'`
