/** One step, to be edited in place; under it what it did in the run that is shown. */
import { memo, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import type { StepProblemWire } from '../../src/inspector/wire-workflow.ts'
import type { Folds } from '../inspector/run-pane.tsx'
import { StepOutcome } from '../inspector/step-outcome.tsx'
import type { Beside } from '../inspector/use-dry-run.ts'
import type { Scope } from '../model/complete.ts'
import { isStepChanged } from '../model/draft.ts'
import type { DraftStep } from '../model/draft.ts'
import type { DraftView } from '../model/draft-views.ts'
import { count, duration, plural } from '../model/quantity.ts'
import { stepStatus } from '../model/status-words.ts'
import { Disclosure } from '../parts/disclosure.tsx'
import { lazyPart } from '../parts/lazy-part.tsx'
import { StatusText } from '../parts/status-text.tsx'
import { CodeEditor } from './code-editor.tsx'
import type { Mark } from './code/mount.ts'
import { StepMenu } from './step-menu.tsx'
import { useDraftStore, useEditor } from './use-editor.ts'
import { WebhookForm } from './webhook-form.tsx'

type Props = {
  readonly view: DraftView
  /** What it did in a dry run, where that is shown beside the recorded one. */
  readonly beside: Beside | undefined
  readonly at: number
  readonly isLast: boolean
  readonly folds: Folds
  readonly variables: readonly string[]
}

const NONE: readonly StepProblemWire[] = []
const Outcome = memo(StepOutcome)
const StepCompare = lazyPart(
  async () => (await import('../inspector/step-compare.tsx')).StepCompare,
)

export function StepEditor({ view, beside, at, isLast, folds, variables }: Props) {
  const { step, ran } = view
  const store = useDraftStore()
  const saved = useEditor(({ base }) => base.steps)
  const problems = useProblems(step)
  const [isRenaming, setRenaming] = useState(false)
  const isChanged = isStepChanged(step, saved)
  const record = ran?.record ?? null
  const wasRun = record !== null && record.status !== 'not_run'
  const goTo = (line: number | null, column: number | null): void => {
    const field = step.type === 'webhook' ? 'payload' : 'code'
    store.editor(`${step.key} ${field}`)?.goTo(line ?? 1, column ?? 1)
  }
  return (
    <li className="card" data-wrong={problems.length > 0} data-step={step.key}>
      {isRenaming ? (
        <RenameField step={step} done={() => setRenaming(false)} />
      ) : (
        <StepMenu step={step} isFirst={at === 0} isLast={isLast} rename={() => setRenaming(true)} />
      )}
      <Disclosure
        className="card-head has-menu"
        isOpen={folds.isOpen(step.key)}
        toggle={() => folds.toggle(step.key)}
        summary={
          <Summary
            view={view}
            beside={beside}
            isChanged={isChanged}
            isWrong={problems.length > 0}
          />
        }
      >
        {() => (
          <div className="card-body">
            <StepBody view={view} problems={problems} isChanged={isChanged} variables={variables} />
            <Problems step={step} problems={problems} goTo={goTo} />
            {beside && step.type !== 'note' ? (
              <Suspense>
                <StepCompare name={step.name} recorded={ran} beside={beside} />
              </Suspense>
            ) : (
              ran &&
              wasRun &&
              step.type !== 'note' && (
                <Outcome step={ran} record={record} goTo={isChanged ? undefined : goTo} />
              )
            )}
          </div>
        )}
      </Disclosure>
    </li>
  )
}

/** What the compiler says; where it has nothing to say, why the save was refused. */
function useProblems(step: DraftStep): readonly StepProblemWire[] {
  const compiled = useEditor((state) => state.problems.get(step.key) ?? NONE)
  const blamed = useEditor(({ saving }) =>
    saving.kind === 'refused' && saving.at?.key === step.key ? saving.at.problem : null,
  )
  // A URL that nobody has typed yet is not wrong before it is to be saved so.
  const isUrlToCome = step.type === 'webhook' && step.url.trim() === '' && !blamed
  return useMemo(() => {
    if (compiled.length === 0) return blamed ? [blamed] : NONE
    return isUrlToCome ? compiled.filter(({ field }) => field !== 'url') : compiled
  }, [compiled, blamed, isUrlToCome])
}

type SummaryProps = {
  readonly view: DraftView
  readonly beside: Beside | undefined
  readonly isChanged: boolean
  readonly isWrong: boolean
}

function Summary({ view: { step, ran }, beside, isChanged, isWrong }: SummaryProps) {
  const record = ran?.record ?? null
  const wasRun = record !== null && record.status !== 'not_run'
  return (
    <>
      <span className="card-name">{step.name}</span>
      <span className="card-kind">{step.type}</span>
      {isWrong ? (
        <span className="card-mark" data-tone="failed">
          will not run
        </span>
      ) : (
        isChanged && <span className="card-mark faint">not saved</span>
      )}
      {step.type !== 'note' && beside && (
        <span className={`card-end ${beside.comparison.isSame ? 'faint' : 'differs'}`}>
          {beside.comparison.isSame ? 'same' : 'differs'}
        </span>
      )}
      {step.type !== 'note' && !beside && (
        <span className="card-end">
          {ran && ran.deliveries.length > 0 && (
            <span className="faint">{plural(ran.deliveries.length, 'send')}</span>
          )}
          {record && record.skipped.length > 0 && (
            <span className="faint">{count(record.skipped.length)} skipped</span>
          )}
          {wasRun && <span className="faint">{duration(record.durationMs)}</span>}
          {record && <StatusText status={stepStatus(record.status)} />}
        </span>
      )}
    </>
  )
}

type BodyProps = {
  readonly view: DraftView
  readonly problems: readonly StepProblemWire[]
  readonly isChanged: boolean
  readonly variables: readonly string[]
}

function StepBody({ view, problems, isChanged, variables }: BodyProps) {
  const store = useDraftStore()
  const { step, ran } = view
  const scope: Scope = useMemo(() => ({ ...view.scope, variables }), [view.scope, variables])
  const [isNew] = useState(() => store.focusNext === step.key)
  useEffect(() => {
    if (isNew && step.type === 'code') store.focusNext = null
  }, [store, isNew, step.type])
  if (step.type === 'note') return <NoteField step={step} isNew={isNew} />
  if (step.type === 'webhook') {
    return <WebhookForm step={step} scope={scope} problems={problems} />
  }
  const error = isChanged ? null : (ran?.record?.error ?? null)
  const marks: Mark[] = problems.map((problem) => ({ ...problem, severity: 'error' }))
  if (error && error.line !== null) {
    const message = `${error.name}: ${error.message} (in the run that is shown)`
    marks.push({ line: error.line, column: error.column, message, severity: 'error' })
  }
  return (
    <CodeEditor
      place={`${step.key} code`}
      text={step.code}
      label={`Code of ${step.name}`}
      hint="console.log($event.body)"
      marks={marks}
      scope={scope}
      change={(code) => store.changeStep(step.key, { code })}
      focusFirst={isNew}
    />
  )
}

function NoteField({
  step,
  isNew,
}: {
  step: Extract<DraftStep, { type: 'note' }>
  isNew: boolean
}) {
  const store = useDraftStore()
  useEffect(() => {
    if (isNew) store.focusNext = null
  }, [store, isNew])
  return (
    <textarea
      className="note-field"
      aria-label={`Text of ${step.name}`}
      placeholder="A note for whoever reads this. It is never run."
      autoFocus={isNew}
      rows={Math.min(40, Math.max(2, step.text.split('\n', 40).length))}
      value={step.text}
      onChange={(event) => store.changeStep(step.key, { text: event.target.value })}
    />
  )
}

type ProblemsProps = {
  readonly step: DraftStep
  readonly problems: readonly StepProblemWire[]
  readonly goTo: (line: number | null, column: number | null) => void
}

/** In words what the marks say by their place; also for what has no place. */
function Problems({ step, problems, goTo }: ProblemsProps) {
  const shown = problems.filter(
    ({ field, line }) => step.type === 'code' || field === null || line !== null,
  )
  if (shown.length === 0) return null
  return (
    <div role="status">
      <ul className="problems" aria-label={`Problems of ${step.name}`}>
        {shown.map(({ message, line, column }, i) => (
          <li key={i} data-tone="failed">
            {line !== null && (
              <button type="button" className="link" onClick={() => goTo(line, column)}>
                line {line}
                {column !== null && `, column ${column}`}
              </button>
            )}
            <span>{message}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}

function RenameField({ step, done }: { readonly step: DraftStep; readonly done: () => void }) {
  const store = useDraftStore()
  const [name, setName] = useState(step.name)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.select(), [])
  const finish = (isWanted: boolean): void => {
    const next = name.trim()
    if (isWanted && next !== '') store.changeStep(step.key, { name: next })
    done()
  }
  return (
    <div className="card-rename">
      <input
        ref={input}
        aria-label={`New name of ${step.name}`}
        maxLength={64}
        spellCheck={false}
        autoFocus
        value={name}
        onChange={(event) => setName(event.target.value)}
        onBlur={() => finish(true)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') finish(true)
          else if (event.key === 'Escape') finish(false)
          else return
          event.preventDefault()
          event.stopPropagation()
        }}
      />
    </div>
  )
}
