/**
 * The steps as they are edited, each with what it did in a run: found by the name under which it ran.
 * What ran and is no longer among the steps is told apart, so nothing of a run is out of sight.
 */
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { Scope } from './complete.ts'
import type { Draft, DraftStep } from './draft.ts'
import { maskedEvent } from './masked.ts'
import { stepViews } from './step-views.ts'
import type { StepDefinition, StepView } from './step-views.ts'

export type DraftView = {
  readonly step: DraftStep
  /** Null where it was not in the run, or there is none. */
  readonly ran: StepView | null
  /** What completion knows in this step; variables aside. */
  readonly scope: Omit<Scope, 'variables'>
}

export type DraftViews = {
  readonly views: readonly DraftView[]
  readonly gone: readonly StepView[]
}

/**
 * `nameOf`: the name that a step had in the run; null where it was not there yet. `saved`: the steps of the
 * version that ran, as far as they are known, for those that are no longer among the steps.
 */
export function draftViews(
  steps: readonly DraftStep[],
  detail: EventDetailWire | null,
  nameOf: (step: DraftStep) => string | null,
  saved: readonly StepDefinition[] = [],
): DraftViews {
  const ran = new Map(viewsOf(detail).map((view) => [view.name, view]))
  let event: unknown = detail ? maskedEvent(detail.event) : null
  const exports: Record<string, Record<string, unknown>> = {}
  const views = steps.map((step): DraftView => {
    const name = nameOf(step)
    const found = name === null ? undefined : ran.get(name)
    const view = found?.type === step.type ? found : null
    const before = view && isRecorded(view.eventBefore) ? view.eventBefore : event
    const scope = { event: before, steps: { ...exports } }
    if (view && isRecorded(view.eventAfter)) event = view.eventAfter
    if (step.type === 'code') exports[step.name] = view?.record?.exports ?? {}
    return { step, ran: view, scope }
  })
  const shown = new Set(views.flatMap(({ ran: view }) => (view ? [view.name] : [])))
  const gone = [...ran.values()].filter(({ name }) => !shown.has(name))
  const byName = new Map(saved.map((step) => [step.name, step]))
  return { views, gone: gone.map((view) => withDefinition(view, byName.get(view.name))) }
}

/** Of a change that is too large a run keeps only the reason, and what came in is still the better guess. */
const isRecorded = (event: unknown): boolean =>
  !(typeof event === 'object' && event !== null && Object.keys(event).join() === '$error')

/** What a run did stays as it is while its steps are typed at, and is not worked out at every key. */
const known = new WeakMap<EventDetailWire, readonly StepView[]>()

function viewsOf(detail: EventDetailWire | null): readonly StepView[] {
  if (!detail) return []
  const views = known.get(detail) ?? stepViews([], detail)
  known.set(detail, views)
  return views
}

const withDefinition = (view: StepView, definition: StepDefinition | undefined): StepView => ({
  ...view,
  definition: definition?.type === view.type ? definition : null,
})

export const savedNameOf = ({ savedName }: DraftStep): string | null => savedName

/** As it was called when a draft was run. */
export const namesIn = (draft: Draft): ((step: DraftStep) => string | null) => {
  const names = new Map(draft.steps.map(({ key, name }) => [key, name]))
  return ({ key }) => names.get(key) ?? null
}
