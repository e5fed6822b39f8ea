/**
 * What a step did in the recorded run, and beside it what it did in the dry run. What differs is open;
 * what is the same is one line that can be opened.
 */
import { useState } from 'react'
import type { ComparedPart } from '../model/run-compare.ts'
import { duration, plural } from '../model/quantity.ts'
import { stepStatus } from '../model/status-words.ts'
import type { StepView } from '../model/step-views.ts'
import { Disclosure } from '../parts/disclosure.tsx'
import { StatusText } from '../parts/status-text.tsx'
import { SendPairs } from './send-pairs.tsx'
import { SplitLines } from './split-lines.tsx'
import type { Beside } from './use-dry-run.ts'

type Props = { readonly name: string; readonly recorded: StepView | null; readonly beside: Beside }

export function StepCompare({ name, recorded, beside: { dry, comparison } }: Props) {
  const { parts, sends } = comparison
  const isSilent = parts.length === 0 && sends.length === 0
  return (
    <div className="outcome compare" role="group" aria-label={`${name}, recorded and dry run`}>
      <div className="split compare-head">
        <Ran name="Recorded" view={recorded} missing="not in this run" />
        <Ran name="Dry run" view={dry} missing="not run" />
      </div>
      {parts.map((part) => (
        <Part key={`${part.title} ${part.isSame}`} part={part} step={name} />
      ))}
      {sends.length > 0 && <SendPairs sends={sends} name={name} />}
      {isSilent && <p className="faint">No logs, no exports, no sends.</p>}
    </div>
  )
}

type RanProps = { readonly name: string; readonly view: StepView | null; readonly missing: string }

function Ran({ name, view, missing }: RanProps) {
  const record = view?.record ?? null
  const wasRun = record !== null && record.status !== 'not_run'
  return (
    <p className="compare-ran">
      <span className="compare-side">{name}</span>
      {record ? (
        <StatusText status={stepStatus(record.status)} />
      ) : (
        <span className="faint">{missing}</span>
      )}
      {wasRun && <span className="faint">{duration(record.durationMs)}</span>}
      {view && view.deliveries.length > 0 && (
        <span className="faint">{plural(view.deliveries.length, 'send')}</span>
      )}
    </p>
  )
}

function Part({ part, step }: { readonly part: ComparedPart; readonly step: string }) {
  const { title, rows, isSame, hint } = part
  const [isOpen, setOpen] = useState(!isSame)
  return (
    <div className="fold">
      <Disclosure
        className="fold-head"
        isOpen={isOpen}
        toggle={() => setOpen(!isOpen)}
        summary={
          <>
            <span className={title === '$event' ? 'mono' : ''}>{title}</span>
            <span className={isSame ? 'faint' : 'differs'}>{hint}</span>
          </>
        }
      >
        {() => <SplitLines rows={rows()} label={`${title} of ${step}`} />}
      </Disclosure>
    </div>
  )
}
