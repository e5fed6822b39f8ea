/** The result of a dry run, above the steps: how it ended, what it would have sent, and the way back. */
import { createContext } from 'react'
import type { EventDetailWire } from '../../src/inspector/wire.ts'
import { duration, plural } from '../model/quantity.ts'
import { runStatus } from '../model/status-words.ts'
import { Icon } from '../parts/icon.tsx'
import { Segments } from '../parts/segments.tsx'
import { StatusText } from '../parts/status-text.tsx'
import { useDraftStore } from '../editor/use-editor.ts'

/** Whether deliveries that are drawn were only captured. */
export const CapturedContext = createContext(false)

type Props = {
  readonly detail: EventDetailWire
  readonly isShown: boolean
  readonly hasRecorded: boolean
}

const views = ['recorded', 'dry'] as const
const names = { recorded: 'Recorded run', dry: 'Dry run' } as const

export function DryRunLine({ detail, isShown, hasRecorded }: Props) {
  const store = useDraftStore()
  const { run, deliveries } = detail
  return (
    <div className="dry-run" role="status">
      {hasRecorded ? (
        <Segments
          label="Run shown"
          options={views}
          value={isShown ? 'dry' : 'recorded'}
          choose={(view) => store.setDryRun({ detail, isShown: view === 'dry' })}
          text={(view) => names[view]}
        />
      ) : (
        <strong>Dry run</strong>
      )}
      {run && <StatusText status={runStatus(run.status)} />}
      {run && run.durationMs !== null && <span>{duration(run.durationMs)}</span>}
      <span>{plural(deliveries.length, 'send')} captured, none sent</span>
      {run?.message && (
        <span data-tone={run.status === 'ended' ? 'plain' : 'failed'}>{run.message}</span>
      )}
      <button
        type="button"
        className="quiet"
        aria-label="Close the dry run"
        onClick={() => store.setDryRun(null)}
      >
        <Icon name="cross" />
      </button>
    </div>
  )
}
