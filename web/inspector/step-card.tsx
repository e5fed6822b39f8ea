/** One step: what it is, and under it what it did with the selected event. */
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import { StepSource } from '../editor/step-source.tsx'
import { duration, plural } from '../model/quantity.ts'
import { stepStatus } from '../model/status-words.ts'
import type { StepView } from '../model/step-views.ts'
import { Disclosure } from '../parts/disclosure.tsx'
import { StatusText } from '../parts/status-text.tsx'
import type { Folds } from './run-pane.tsx'
import { StepOutcome } from './step-outcome.tsx'

type Props = {
  readonly step: StepView
  readonly detail: EventDetailWire | null
  readonly folds: Folds
  /** Said where the definition is not known. */
  readonly without?: string
}

const UNSAVED = 'The code of this run is not kept: it ran as a test, unsaved.'

export function StepCard({ step, detail, folds, without = UNSAVED }: Props) {
  const { name, type, record } = step
  const wasRun = record !== null && record.status !== 'not_run'
  return (
    <li
      className="card"
      data-faint={type !== 'note' && (record?.status === 'not_run' || record?.status === 'skipped')}
    >
      <Disclosure
        className="card-head"
        isOpen={folds.isOpen(name)}
        toggle={() => folds.toggle(name)}
        summary={
          <>
            <span className="card-name">{name}</span>
            <span className="card-kind">{type}</span>
            <span className="card-end">
              {step.deliveries.length > 0 && (
                <span className="faint">{plural(step.deliveries.length, 'send')}</span>
              )}
              {wasRun && type !== 'note' && (
                <span className="faint">{duration(record.durationMs)}</span>
              )}
              {record && type !== 'note' && <StatusText status={stepStatus(record.status)} />}
            </span>
          </>
        }
      >
        {() => (
          <div className="card-body">
            {step.definition ? (
              <StepSource definition={step.definition} error={record?.error ?? null} />
            ) : (
              detail && <p className="faint">{without}</p>
            )}
            {record && wasRun && <StepOutcome step={step} record={record} />}
          </div>
        )}
      </Disclosure>
    </li>
  )
}
