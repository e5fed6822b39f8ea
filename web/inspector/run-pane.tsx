/**
 * The right side: the workflow as it ran for the selected event, at the version that ran; with nothing
 * selected, as it is now. What is open in it stays open while the selection moves.
 */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { EventDetailWire, WorkflowWire } from '../../src/inspector/wire.ts'
import { eventQuery, versionQuery } from '../api/queries.ts'
import { stepViews } from '../model/step-views.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { EventHead } from './event-head.tsx'
import { usePlace } from './place.ts'
import { StepCard } from './step-card.tsx'
import { TriggerCard } from './trigger-card.tsx'
import { RUN_PANE } from './use-workflow-keys.ts'

type Props = { readonly workflow: WorkflowWire; readonly close: () => void }

/** Which cards were closed and which whole: by the name of the step, as the next event has the same. */
export type Folds = {
  readonly isOpen: (name: string) => boolean
  readonly toggle: (name: string) => void
}

export function RunPane({ workflow, close }: Props) {
  const { search } = usePlace()
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const folds: Folds = {
    isOpen: (name) => !closed.has(name),
    toggle: (name) => setClosed(closed.symmetricDifference(new Set([name]))),
  }
  return (
    <section
      id={RUN_PANE}
      className="run-pane"
      tabIndex={-1}
      aria-label={search.event === undefined ? 'Workflow' : 'Selected event'}
    >
      {search.event === undefined ? (
        <Steps workflow={workflow} detail={null} folds={folds} close={close} />
      ) : (
        <Selected workflow={workflow} eventId={search.event} folds={folds} close={close} />
      )}
    </section>
  )
}

type SelectedProps = Props & { readonly eventId: string; readonly folds: Folds }

function Selected({ workflow, eventId, folds, close }: SelectedProps) {
  const { data: detail, error, refetch } = useQuery(eventQuery(eventId))
  if (detail) {
    return (
      <>
        <EventHead workflow={workflow} detail={detail} close={close} />
        <Steps workflow={workflow} detail={detail} folds={folds} close={close} />
      </>
    )
  }
  return error ? (
    <ProblemNote problem={error} retry={() => void refetch()} />
  ) : (
    <Skeleton lines={10} className="run-skeleton" />
  )
}

type StepsProps = Props & { readonly detail: EventDetailWire | null; readonly folds: Folds }

function Steps({ workflow, detail, folds, close }: StepsProps) {
  const version = detail?.run?.version ?? workflow.version
  const isNow = version === workflow.version
  const { data } = useQuery({ ...versionQuery(workflow.id, version), enabled: !isNow })
  const steps = stepViews(isNow ? workflow.steps : data?.steps, detail)
  return (
    <>
      {detail === null && (
        <div className="now-head">
          <button type="button" className="quiet narrow-only" onClick={close}>
            Events
          </button>
          <span className="faint">
            The workflow as it is now. Select an event to see what the steps did with it.
          </span>
        </div>
      )}
      <ol className="cards" aria-label="Steps">
        <TriggerCard detail={detail} folds={folds} />
        {!detail?.error &&
          steps.map((step) => (
            <StepCard key={step.name} step={step} detail={detail} folds={folds} />
          ))}
      </ol>
      {detail === null && steps.length === 0 && (
        <p className="cards-note">This workflow has no steps: events are stored and do nothing.</p>
      )}
    </>
  )
}
