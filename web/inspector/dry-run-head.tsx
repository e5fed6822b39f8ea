/**
 * Above the steps, once there is a dry run: both runs in a line each, how much they differ, and the way
 * to run again what was edited since.
 */
import type { ReactNode } from 'react'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import { useDraftStore } from '../editor/use-editor.ts'
import { useIsDryRunning } from '../editor/use-test-run.ts'
import type { DryRun, RunView } from '../editor/draft-store.ts'
import type { DraftStep } from '../model/draft.ts'
import { destOfDetail } from '../model/dest.ts'
import { count, duration } from '../model/quantity.ts'
import { runStatus } from '../model/status-words.ts'
import { DestBadge } from '../parts/dest-badge.tsx'
import { Icon } from '../parts/icon.tsx'
import { Segments } from '../parts/segments.tsx'
import { StatusText } from '../parts/status-text.tsx'
import { showStep } from './show-step.ts'
import { useIsStale } from './use-dry-run.ts'

type Props = {
  readonly dryRun: DryRun
  readonly recorded: EventDetailWire | null
  readonly view: RunView
  readonly differing: readonly DraftStep[]
  readonly isOtherEvent: boolean
  readonly runAgain: (event: unknown) => void
}

const WAYS = 4
const views = ['beside', 'recorded', 'dry'] as const
const names = { beside: 'Side by side', recorded: 'Recorded run', dry: 'Dry run' } as const

export function DryRunHead(props: Props) {
  const { dryRun, recorded, view, differing, runAgain } = props
  const store = useDraftStore()
  const isStale = useIsStale(dryRun)
  const isRunning = useIsDryRunning()
  return (
    <section className="dry-run" aria-label="Dry run">
      <div className="dry-line">
        {recorded ? (
          <Segments
            label="Run shown"
            options={views}
            value={view}
            choose={(next) => store.setDryRun({ ...dryRun, view: next })}
            text={(one) => names[one]}
          />
        ) : (
          <strong>Dry run</strong>
        )}
        <p role="status" className="dry-says">
          {isRunning ? 'Running' : says(props, isStale)}
        </p>
        {view === 'beside' && !isStale && <Ways steps={differing} />}
        <span className="dry-actions">
          <button
            type="button"
            className={isStale ? 'primary-quiet' : ''}
            disabled={isRunning}
            onClick={() => runAgain(dryRun.event)}
          >
            <Icon name="again" />
            Run again
          </button>
          <button
            type="button"
            className="quiet"
            aria-label="Close the dry run"
            onClick={() => store.setDryRun(null)}
          >
            <Icon name="cross" />
          </button>
        </span>
      </div>
      <div className="split dry-runs">
        {recorded && view !== 'dry' && (
          <RunLine name="Recorded" detail={recorded}>
            {recorded.run && `v${recorded.run.version}`}{' '}
            <span>
              Dest <DestBadge dest={destOfDetail(recorded)} />
            </span>
          </RunLine>
        )}
        {view !== 'recorded' && (
          <RunLine name="Dry run" detail={dryRun.detail}>
            <span>would send {dryRun.detail.deliveries.length}</span>
          </RunLine>
        )}
      </div>
    </section>
  )
}

/** What a reader has to know first, in a few words. */
function says({ differing, isOtherEvent, recorded }: Props, isStale: boolean): string {
  if (isStale) return 'Your steps have changed since.'
  if (!recorded) return 'Nothing was sent.'
  const many = differing.length
  const steps =
    many === 0 ? 'No step differs' : many === 1 ? '1 step differs' : `${count(many)} steps differ`
  return isOtherEvent ? `The event was edited. ${steps}` : steps
}

type LineProps = {
  readonly name: string
  readonly detail: EventDetailWire
  readonly children: ReactNode
}

function RunLine({ name, detail: { run }, children }: LineProps) {
  return (
    <div className="dry-of">
      <strong>{name}</strong>
      {run && <StatusText status={runStatus(run.status)} />}
      {run && run.durationMs !== null && <span>{duration(run.durationMs)}</span>}
      {children}
      {run?.message && name === 'Dry run' && (
        <span className="clamped" data-tone={run.status === 'ended' ? 'plain' : 'failed'}>
          {run.message}
        </span>
      )}
    </div>
  )
}

/** To the steps that differ; the rest of many is found by scrolling. */
function Ways({ steps }: { readonly steps: readonly DraftStep[] }) {
  return (
    <span className="dry-ways">
      {steps.slice(0, WAYS).map(({ key, name }) => (
        <button key={key} type="button" className="link" onClick={() => showStep(key)}>
          {name}
        </button>
      ))}
      {steps.length > WAYS && <span className="faint">and {steps.length - WAYS} more</span>}
    </span>
  )
}
