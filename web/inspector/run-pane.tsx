/**
 * The right side: the workflow as it ran for the selected event, at the version that ran; with nothing
 * selected, as it is now. Where that is the version of today it is edited in place. What is open stays
 * open while the selection moves.
 */
import { useQuery } from '@tanstack/react-query'
import { Suspense, useState } from 'react'
import type { ReactNode } from 'react'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { eventQuery, versionQuery } from '../api/queries.ts'
import { SaveState } from '../editor/save-state.tsx'
import { StepsEditor } from '../editor/steps-editor.tsx'
import { useEditor } from '../editor/use-editor.ts'
import { shortId } from '../model/short-id.ts'
import { stepViews } from '../model/step-views.ts'
import { Icon } from '../parts/icon.tsx'
import { lazyPart } from '../parts/lazy-part.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { CapturedContext } from './captured.ts'
import { EventHead } from './event-head.tsx'
import { usePlace } from './place.ts'
import { StepCard } from './step-card.tsx'
import { TriggerCard } from './trigger-card.tsx'
import { useShown } from './use-dry-run.ts'
import { RUN_PANE } from './use-workflow-keys.ts'

const DryRunHead = lazyPart(async () => (await import('./dry-run-head.tsx')).DryRunHead)

type Props = {
  readonly workflow: WorkflowWire
  readonly close: () => void
  readonly runDry: (event: unknown) => void
}

/** Which cards were closed and which whole: by the name of the step, as the next event has the same. */
export type Folds = {
  readonly isOpen: (name: string) => boolean
  readonly toggle: (name: string) => void
  /** The same for the branches of `$event`. */
  readonly branches: Map<string, boolean>
}

export function RunPane({ workflow, close, runDry }: Props) {
  const { search } = usePlace()
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const [branches] = useState(() => new Map<string, boolean>())
  const folds: Folds = {
    branches,
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
      <Selected
        workflow={workflow}
        eventId={search.event}
        folds={folds}
        close={close}
        runDry={runDry}
      />
    </section>
  )
}

type SelectedProps = Props & { readonly eventId: string | undefined; readonly folds: Folds }

/**
 * While another event is read the steps stay where they are: who goes through events by j and k looks at the
 * same place of each, and an editor keeps its cursor. What stands there is not to be used meanwhile.
 */
function Selected({ workflow, eventId, folds, close, runDry }: SelectedProps) {
  const { detail, isRead, error, again } = useDetail(eventId)
  const [hasShown, setShown] = useState(isRead)
  if (isRead && !hasShown) setShown(true)
  if (eventId !== undefined && error) {
    return (
      <>
        <UnreadHead eventId={eventId} close={close} />
        <ProblemNote problem={error} retry={again} />
      </>
    )
  }
  if (!hasShown) return <Skeleton lines={10} />
  return (
    <Steps
      workflow={workflow}
      detail={detail}
      isRead={isRead}
      folds={folds}
      head={
        eventId === undefined ? (
          <NowHead close={close} />
        ) : detail && isRead ? (
          <EventHead workflow={workflow} detail={detail} close={close} runDry={runDry} />
        ) : (
          <UnreadHead eventId={eventId} close={close} />
        )
      }
      runDry={runDry}
    />
  )
}

/** The selected event; while it is read, the one before it. */
function useDetail(eventId: string | undefined) {
  const [lastId, setLastId] = useState<string | null>(null)
  const { data, error, isPlaceholderData, refetch } = useQuery({
    ...eventQuery(eventId ?? ''),
    enabled: eventId !== undefined,
    placeholderData: (before) => (before?.id === lastId ? before : undefined),
  })
  const detail = eventId === undefined ? null : (data ?? null)
  const isRead = eventId === undefined || (detail !== null && !isPlaceholderData)
  const readId = detail?.id ?? null
  if (isRead && readId !== lastId) setLastId(readId)
  return { detail, isRead, error: detail ? null : error, again: () => void refetch() }
}

type UnreadProps = { readonly eventId: string; readonly close: () => void }

/** As high as the head that comes. */
function UnreadHead({ eventId, close }: UnreadProps) {
  return (
    <div className="event-head" aria-busy="true">
      <div className="event-line">
        <button type="button" className="quiet" onClick={close} aria-label="Back to the list">
          <Icon name="back" />
        </button>
        <span className="faint id">{shortId(eventId)}</span>
      </div>
      <div className="event-line facts" />
    </div>
  )
}

type StepsProps = {
  readonly workflow: WorkflowWire
  readonly detail: EventDetailWire | null
  /** False while `detail` is the event before the selected one. */
  readonly isRead: boolean
  readonly folds: Folds
  readonly head: ReactNode
  readonly runDry: (event: unknown) => void
}

/** The draft, with what the steps did; or, for a run of an older version, that version as it was. */
function Steps({ workflow, detail, isRead, folds, head, runDry }: StepsProps) {
  const { search, go } = usePlace()
  const shown = useShown(detail?.id ?? search.event ?? null, detail)
  const { dryRun, view } = shown
  const now = useEditor((state) => state.base.version)
  const version = detail?.run?.version ?? now
  const [kept, keep] = useEdited(detail, version === now)
  const isOld = version !== now && search.steps !== 'now' && !kept
  return (
    <>
      <div className="pane-head">
        <SaveState />
        {head}
        {dryRun && (
          <Suspense>
            <DryRunHead
              dryRun={dryRun}
              recorded={detail}
              view={view}
              differing={shown.differing}
              isOtherEvent={shown.event !== null}
              runAgain={runDry}
            />
          </Suspense>
        )}
      </div>
      <div className="run-body" inert={!isRead}>
        {version !== now && view === 'recorded' && (
          <p className="old-steps">
            {isOld
              ? `The steps as they were in v${version}.`
              : `The steps as they are now, with what v${version} did.`}{' '}
            <button
              type="button"
              className="link"
              onClick={() => {
                keep(isOld)
                go({ steps: isOld ? 'now' : undefined }, { replace: true })
              }}
            >
              {isOld ? `Edit v${now}` : `Show v${version}`}
            </button>
          </p>
        )}
        {isOld && view === 'recorded' ? (
          <OldSteps workflow={workflow} version={version} detail={detail} folds={folds} />
        ) : (
          <CapturedContext value={view === 'dry'}>
            <StepsEditor
              detail={view === 'dry' && dryRun ? dryRun.detail : detail}
              shown={shown}
              folds={folds}
            />
          </CapturedContext>
        )}
      </div>
    </>
  )
}

/**
 * Whether the steps of an event were shown to be edited: then they stay so for as long as it is selected. A
 * save makes its version an older one, and may not take the field away from whoever types on.
 */
function useEdited(detail: EventDetailWire | null, isOfNow: boolean) {
  const id = detail?.id ?? null
  const [edited, setEdited] = useState(isOfNow ? id : null)
  if (isOfNow && edited !== id) setEdited(id)
  const keep = (isKept: boolean): void => setEdited(isKept ? id : null)
  return [id !== null && edited === id, keep] as const
}

function NowHead({ close }: { readonly close: () => void }) {
  return (
    <div className="now-head">
      <button type="button" className="quiet narrow-only" onClick={close}>
        Events
      </button>
      <span className="faint">
        The workflow as it is now.
        <span className="wide-only"> Select an event to see what the steps did with it.</span>
      </span>
    </div>
  )
}

type OldProps = {
  readonly workflow: WorkflowWire
  readonly version: number
  readonly detail: EventDetailWire | null
  readonly folds: Folds
}

function OldSteps({ workflow, version, detail, folds }: OldProps) {
  const { data } = useQuery(versionQuery(workflow.id, version))
  return (
    <ol className="cards" aria-label="Steps">
      <TriggerCard detail={detail} folds={folds} />
      {!detail?.error &&
        stepViews(data?.steps, detail).map((step) => (
          <StepCard key={step.name} step={step} detail={detail} folds={folds} />
        ))}
    </ol>
  )
}
