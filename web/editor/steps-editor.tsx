/** The steps, stacked and editable, with a + before, between and behind them. */
import { useQuery } from '@tanstack/react-query'
import { Fragment, useEffect, useRef } from 'react'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import { variablesQuery } from '../api/queries.ts'
import type { Folds } from '../inspector/run-pane.tsx'
import { StepCard } from '../inspector/step-card.tsx'
import { TriggerCard } from '../inspector/trigger-card.tsx'
import type { Shown } from '../inspector/use-dry-run.ts'
import { AddFirstStep, AddStep } from './add-step.tsx'
import { StepEditor } from './step-editor.tsx'
import { UNDO } from './draft-store.ts'
import { useDraftStore, useEditor } from './use-editor.ts'

type Props = {
  readonly detail: EventDetailWire | null
  readonly shown: Shown
  readonly folds: Folds
}

const NO_VARIABLES: readonly string[] = []

export function StepsEditor({ detail, shown, folds }: Props) {
  const steps = useEditor(({ draft }) => draft.steps)
  const { data: variables = NO_VARIABLES } = useQuery(variablesQuery)
  const { views, gone, beside } = shown
  const last = steps.at(-1)
  const now = useEditor(({ base }) => base.version)
  const ran = detail?.run?.version ?? now
  const isOld = ran !== now
  return (
    <ol className="cards editable" aria-label="Steps">
      <TriggerCard detail={detail} folds={folds} edited={shown.event} />
      {views.map((view, at) => (
        <Fragment key={view.step.key}>
          <li className="between">
            <AddStep at={at} where={`before ${view.step.name}`} />
            <Removed at={at} />
          </li>
          <StepEditor
            view={view}
            beside={shown.view === 'beside' ? beside.get(view.step.key) : undefined}
            at={at}
            isLast={at === views.length - 1}
            folds={folds}
            variables={variables}
          />
        </Fragment>
      ))}
      <li className="between">
        <AddStep at={steps.length} where={last ? `after ${last.name}` : 'to this workflow'} />
        <Removed at={steps.length} />
      </li>
      {steps.length === 0 && (
        <li>
          <AddFirstStep />
        </li>
      )}
      {gone.map((step) => (
        <StepCard
          key={step.name}
          step={step}
          detail={detail}
          folds={folds}
          {...(isOld && { without: `It is no longer among the steps; its code is in v${ran}.` })}
        />
      ))}
    </ol>
  )
}

/** Where a step was until it was deleted, with the way back. */
function Removed({ at }: { readonly at: number }) {
  const store = useDraftStore()
  const removed = useEditor((state) => state.removed)
  const undo = useRef<HTMLButtonElement>(null)
  const isHere = removed?.at === at
  useEffect(() => {
    if (!isHere || store.focusNext !== UNDO) return
    store.focusNext = null
    undo.current?.focus({ preventScroll: true })
  }, [store, isHere, removed])
  if (!isHere) return null
  return (
    <span className="faint" role="status">
      Deleted {removed.step.name}{' '}
      <button ref={undo} type="button" className="link" onClick={() => store.undoRemove()}>
        Undo
      </button>
    </span>
  )
}
