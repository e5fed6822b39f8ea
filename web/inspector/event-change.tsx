/** What a step did to `$event`: the changes, or the whole of it as the step left it. */
import { useMemo, useState } from 'react'
import type { Operation } from '../model/apply-patch.ts'
import { changeLines } from '../model/change-lines.ts'
import { shortJson, shortName } from '../model/json-preview.ts'
import { count } from '../model/quantity.ts'
import type { StepView } from '../model/step-views.ts'
import { copyText } from '../parts/copy-text.ts'
import { JsonTree } from '../parts/json-tree.tsx'
import { Segments } from '../parts/segments.tsx'

type Props = { readonly step: StepView; readonly operations: readonly Operation[] }

const SHOWN = 50
const spoken = { '+': 'added', '~': 'changed', '−': 'removed' } as const

export function EventChange({ step, operations }: Props) {
  const [view, setView] = useState<'diff' | 'full'>('diff')
  return (
    <div className="fold">
      <div className="fold-line">
        <span className="mono">$event</span>
        <Segments label="View of $event" options={['diff', 'full']} value={view} choose={setView} />
      </div>
      {view === 'diff' ? (
        <Changes before={step.eventBefore} operations={operations} />
      ) : (
        <JsonTree
          value={step.eventAfter}
          path="$event"
          open={['$event.body']}
          label={`$event after ${step.name}`}
        />
      )}
    </div>
  )
}

function Changes({ before, operations }: { before: unknown; operations: readonly Operation[] }) {
  const [shown, setShown] = useState(SHOWN)
  const lines = useMemo(() => changeLines(before, operations), [before, operations])
  const left = lines.length - shown
  return (
    <ul className="changes" aria-label="Changes of $event">
      {lines.slice(0, shown).map(({ sign, path, before, after }) => (
        <li key={path + sign}>
          <button
            type="button"
            className="tree-leaf"
            title={`Copy ${shortName(path)}`}
            onClick={() => void copyText(path, shortName(path))}
          >
            <span className="change-sign" aria-hidden="true">
              {sign}
            </span>
            <span className="visually-hidden">{spoken[sign]} </span>
            <span className="tree-key">{shortName(path)}</span>
            {sign === '~' && <del>{shortJson(before)}</del>}
            {sign !== '−' && <span className="tree-value">{shortJson(after)}</span>}
          </button>
        </li>
      ))}
      {left > 0 && (
        <li>
          <button type="button" className="link" onClick={() => setShown(shown + 10 * SHOWN)}>
            Show {count(Math.min(10 * SHOWN, left))} more of {count(left)}
          </button>
        </li>
      )}
    </ul>
  )
}
