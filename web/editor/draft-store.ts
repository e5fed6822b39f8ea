/**
 * What is being edited on the workflow page, and what the server last said of it. One store per page, so
 * that typing in one step redraws that step and what counts changes, not the list of events.
 *
 * Invariant: what somebody typed is never replaced unasked. A version that was saved elsewhere is taken
 * over only while the draft has no changes; otherwise the page says so and the person decides.
 */
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { StepProblemWire, WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { draftOf, isChanged, rebased, withChange, withoutStep } from '../model/draft.ts'
import type { Draft, DraftStep } from '../model/draft.ts'
import type { TestRequest } from '../model/test-event.ts'
import type { Editor } from './code/mount.ts'

export type Saving =
  | { readonly kind: 'idle' }
  | { readonly kind: 'saving'; readonly progress: string | null }
  | {
      readonly kind: 'refused'
      readonly message: string
      /** The step that is to blame, where only the save could know: a package that is not to be had. */
      readonly at: { readonly key: string; readonly problem: StepProblemWire } | null
    }

export type RunView = 'beside' | 'recorded' | 'dry'

/** A dry run, to be compared with the run of the event that was selected when it began. */
export type DryRun = {
  readonly detail: EventDetailWire
  /** What it ran on: the id of a stored event, or an edited one. */
  readonly event: unknown
  readonly selected: string | null
  /** The steps that it ran. */
  readonly draft: Draft
  readonly view: RunView
}

export type EditorState = {
  readonly draft: Draft
  /** The version that the draft began with. */
  readonly base: WorkflowWire
  /** The newest that the server told of. */
  readonly latest: WorkflowWire
  readonly isChanged: boolean
  /** The workflow itself was deleted, by somebody or in another tab. */
  readonly isGone: boolean
  readonly problems: ReadonlyMap<string, readonly StepProblemWire[]>
  readonly saving: Saving
  /** The step that was deleted last, and where it stood. */
  readonly removed: { readonly step: DraftStep; readonly at: number } | null
  /** The result of the last dry run, drawn beside what is recorded. */
  readonly dryRun: DryRun | null
}

/** The way back to a step that was deleted: what had the focus went with the step. */
export const UNDO = 'undo'

const isCode = (field: string): boolean => field === 'code' || field === 'payload'

export class DraftStore {
  readonly #listeners = new Set<() => void>()
  readonly #editors = new Map<string, Editor>()
  #state: EditorState
  /** The step whose first field takes the focus when it is drawn, or `UNDO`. */
  focusNext: string | null = null
  /** The test event as it was edited last, and the event that was selected then. */
  leftTest: { readonly request: TestRequest; readonly eventId: string | undefined } | null = null

  constructor(workflow: WorkflowWire) {
    this.#state = {
      draft: draftOf(workflow),
      base: workflow,
      latest: workflow,
      isChanged: false,
      isGone: false,
      problems: new Map(),
      saving: { kind: 'idle' },
      removed: null,
      dryRun: null,
    }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly state = (): EditorState => this.#state

  change(edit: (draft: Draft) => Draft): void {
    const draft = edit(this.#state.draft)
    if (draft === this.#state.draft) return
    const { base, saving } = this.#state
    this.#set({
      draft,
      removed: null,
      isChanged: isChanged(draft, base),
      // Why the last save was refused may be mended by this.
      saving: saving.kind === 'refused' ? { kind: 'idle' } : saving,
    })
  }

  changeStep(key: string, change: Partial<DraftStep>): void {
    this.change((draft) => withChange(draft, key, change))
    this.#forgetProblems(key, change)
  }

  remove(key: string): void {
    const at = this.#state.draft.steps.findIndex((step) => step.key === key)
    const step = this.#state.draft.steps[at]
    if (!step) return
    this.change((draft) => withoutStep(draft, key))
    this.focusNext = UNDO
    this.#set({ removed: { step, at } })
  }

  undoRemove(): void {
    const { removed } = this.#state
    if (!removed) return
    const { step, at } = removed
    this.change((draft) => ({ ...draft, steps: draft.steps.toSpliced(at, 0, step) }))
  }

  /** Hears what the server says is current; active or not is no matter of versions. */
  hear(latest: WorkflowWire): void {
    const { base, isChanged } = this.#state
    if (latest === this.#state.latest) return
    if (latest.version === base.version) this.#set({ latest, base: latest })
    else if (latest.version > base.version && !isChanged) this.startFrom(latest)
    else this.#set({ latest })
  }

  /** Begins anew with a saved version; changes are gone. */
  startFrom(workflow: WorkflowWire): void {
    this.#set({
      draft: draftOf(workflow),
      base: workflow,
      latest: workflow,
      isChanged: false,
      problems: new Map(),
      removed: null,
      saving: { kind: 'idle' },
    })
  }

  /** Keeps the changes, to be saved over the newest version that is known. */
  keepOverLatest(): void {
    const { draft, latest } = this.#state
    const next = rebased(draft, latest)
    this.#set({
      draft: next,
      base: latest,
      isChanged: isChanged(next, latest),
      saving: { kind: 'idle' },
    })
  }

  /** What was sent is saved; what was typed since is still a change. */
  saved(workflow: WorkflowWire): void {
    const draft = rebased(this.#state.draft, workflow)
    this.#set({
      draft,
      base: workflow,
      latest: workflow,
      isChanged: isChanged(draft, workflow),
      saving: { kind: 'idle' },
    })
  }

  setSaving(saving: Saving): void {
    this.#set({ saving })
  }

  setGone(isGone: boolean): void {
    if (isGone !== this.#state.isGone) this.#set({ isGone })
  }

  setProblems(problems: EditorState['problems']): void {
    this.#set({ problems })
  }

  setDryRun(dryRun: DryRun | null): void {
    this.#set({ dryRun })
  }

  /** The code editor of a step and field, while it is drawn. */
  editor(place: string): Editor | undefined {
    return this.#editors.get(place)
  }

  registerEditor(place: string, editor: Editor): () => void {
    this.#editors.set(place, editor)
    return () => {
      if (this.#editors.get(place) === editor) this.#editors.delete(place)
    }
  }

  /** What was wrong with a field is said of what it held; in code the marks move along with the text. */
  #forgetProblems(key: string, change: Partial<DraftStep>): void {
    const { problems } = this.#state
    const known = problems.get(key) ?? []
    const left = known.filter(({ field }) => field === null || isCode(field) || !(field in change))
    if (left.length < known.length) this.setProblems(new Map(problems).set(key, left))
  }

  #set(change: Partial<EditorState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}
