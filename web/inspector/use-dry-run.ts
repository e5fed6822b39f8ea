/** The steps with what they did in the recorded run, in a dry run of the same event, and how these differ. */
import { useMemo } from 'react'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { DryRun, RunView } from '../editor/draft-store.ts'
import { useEditor } from '../editor/use-editor.ts'
import { stepsOf } from '../model/draft.ts'
import type { DraftStep } from '../model/draft.ts'
import { draftViews, namesIn, savedNameOf } from '../model/draft-views.ts'
import type { DraftViews } from '../model/draft-views.ts'
import { compareEvents, compareSteps } from '../model/run-compare.ts'
import type { StepComparison } from '../model/run-compare.ts'
import type { SplitRow } from '../model/split-rows.ts'
import type { StepView } from '../model/step-views.ts'

export type Beside = {
  /** Null where the step was not in the dry run. */
  readonly dry: StepView | null
  readonly comparison: StepComparison
}

export type Shown = DraftViews & {
  readonly view: RunView
  readonly dryRun: DryRun | null
  /** By the key of the step; empty unless both runs are shown. */
  readonly beside: ReadonlyMap<string, Beside>
  readonly differing: readonly DraftStep[]
  /** Where the dry run had another event than the recorded one. */
  readonly event: readonly SplitRow[] | null
}

/** `selected`: the id of the selected event, which the dry run has to belong to. */
export function useShown(selected: string | null, detail: EventDetailWire | null): Shown {
  const steps = useEditor(({ draft }) => draft.steps)
  const last = useEditor((state) => state.dryRun)
  const dryRun = last?.selected === selected ? last : null
  const view = dryRun === null ? 'recorded' : detail === null ? 'dry' : dryRun.view
  const base = useEditor((state) => state.base)
  const saved = detail?.run?.version === base.version ? base.steps : undefined
  const recorded = useMemo(
    () => draftViews(steps, detail, savedNameOf, saved),
    [steps, detail, saved],
  )
  const dried = useMemo(
    () => dryRun && draftViews(steps, dryRun.detail, namesIn(dryRun.draft)),
    [steps, dryRun],
  )
  const compared = useMemo(
    () => (dried && detail ? compare(recorded, dried) : NOT_COMPARED),
    [recorded, dried, detail],
  )
  const event = useMemo(
    () => (dryRun && detail ? compareEvents(detail.event, dryRun.detail.event) : null),
    [dryRun, detail],
  )
  const shown = view === 'dry' && dried ? dried : recorded
  return { ...shown, ...compared, view, dryRun, event: view === 'beside' ? event : null }
}

const NOT_COMPARED = { beside: new Map<string, Beside>(), differing: [] as DraftStep[] }

function compare({ views }: DraftViews, dried: DraftViews) {
  const beside = views.map(({ step, ran }, at): [string, Beside] => {
    const dry = dried.views[at]?.ran ?? null
    return [step.key, besideOf(ran, dry)]
  })
  const differs = new Set(beside.flatMap(([key, one]) => (one.comparison.isSame ? [] : [key])))
  const differing = views.flatMap(({ step }) => (differs.has(step.key) ? [step] : []))
  return { beside: new Map(beside), differing }
}

/** Compared once, not at every key that is typed at the steps. */
const compared = new WeakMap<StepView, Beside>()

function besideOf(ran: StepView | null, dry: StepView | null): Beside {
  const last = ran && compared.get(ran)
  if (last?.dry === dry) return last
  const beside = { dry, comparison: compareSteps(ran, dry) }
  if (ran) compared.set(ran, beside)
  return beside
}

/** Whether the steps have changed since they were run dry. */
export function useIsStale(dryRun: DryRun): boolean {
  const draft = useEditor((state) => state.draft)
  return useMemo(
    () =>
      draft !== dryRun.draft &&
      JSON.stringify(stepsOf(draft)) !== JSON.stringify(stepsOf(dryRun.draft)),
    [draft, dryRun.draft],
  )
}
