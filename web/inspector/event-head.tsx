/** Above the steps: which event this is, how its run went, and what can be done with it. */
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { useDraftStore } from '../editor/use-editor.ts'
import { useIsDryRunning } from '../editor/use-test-run.ts'
import { curlOfEvent } from '../model/curl.ts'
import { destOfDetail } from '../model/dest.ts'
import { duration, plural } from '../model/quantity.ts'
import { shortId } from '../model/short-id.ts'
import { runStatus } from '../model/status-words.ts'
import { clockTime } from '../model/time.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { RUN_KEY } from '../parts/command-keys.ts'
import { copyText } from '../parts/copy-text.ts'
import { DestBadge } from '../parts/dest-badge.tsx'
import { Icon } from '../parts/icon.tsx'
import { RelativeTime } from '../parts/relative-time.tsx'
import { StatusText } from '../parts/status-text.tsx'
import { usePlace } from './place.ts'
import { failedIds, useEventActions } from './use-event-actions.ts'
import { useReplay } from './use-replay.ts'

type Props = {
  readonly workflow: WorkflowWire
  readonly detail: EventDetailWire
  readonly close: () => void
  readonly runDry: (event: unknown) => void
}

export function EventHead({ workflow, detail, close, runDry }: Props) {
  const { id, run, error, receivedAt } = detail
  const { redeliverFailed } = useEventActions(workflow)
  const failed = failedIds(detail).length
  return (
    <div className="event-head">
      <div className="event-line">
        <button type="button" className="quiet" onClick={close} aria-label="Back to the list">
          <Icon name="back" />
        </button>
        <button
          type="button"
          className="link id"
          title={`Copy ${id}`}
          onClick={() => void copyText(id, id)}
        >
          {shortId(id)}
        </button>
        <span className="faint">
          <span className="wide-only">{clockTime(Date.parse(receivedAt))} · </span>
          <RelativeTime at={receivedAt} />
        </span>
        <span className="event-actions">
          <CopyButton
            text={() => curlOfEvent(workflow.endpoint, detail)}
            what="the event as cURL"
            label="cURL"
          />
          {!error && <DryRunButton run={() => runDry(id)} />}
          {!error && <ReplayButtons workflow={workflow} detail={detail} />}
        </span>
      </div>
      <div className="event-line facts">
        {run && <StatusText status={runStatus(run.status)} />}
        {run && run.durationMs !== null && <span>run {duration(run.durationMs)}</span>}
        {run && (
          <span>
            Dest <DestBadge dest={destOfDetail(detail)} />
          </span>
        )}
        {failed > 0 && (
          <button
            type="button"
            className="link"
            title={`Send ${plural(failed, 'failed delivery', 'failed deliveries')} once more`}
            onClick={() => redeliverFailed(detail)}
          >
            Redeliver failed
          </button>
        )}
        {run && (
          <span className={run.version === workflow.version ? '' : 'faint'}>
            v{run.version}
            {run.version !== workflow.version && `, now v${workflow.version}`}
          </span>
        )}
        <Origin detail={detail} />
      </div>
      {error && (
        <p className="verdict" data-tone="failed" role="note">
          Not run. {error.message}
        </p>
      )}
      {run?.message && (
        <div
          className="verdict"
          data-tone={run.status === 'ended' ? 'plain' : 'failed'}
          role="note"
        >
          <p className="clamped">{run.message}</p>
          <FaultPlace steps={run.steps} />
        </div>
      )}
      <LateNotes run={run} />
    </div>
  )
}

function Origin({ detail }: { readonly detail: EventDetailWire }) {
  const { go } = usePlace()
  const { replayOf } = detail
  if (replayOf === null) return null
  return (
    <span>
      replay of{' '}
      <button
        type="button"
        className="link id"
        onClick={() => go({ event: replayOf, delivery: undefined })}
      >
        {shortId(replayOf)}
      </button>
    </span>
  )
}

/** The way to the line that threw: it is marked in the step's code. */
function FaultPlace({ steps }: Pick<NonNullable<EventDetailWire['run']>, 'steps'>) {
  const store = useDraftStore()
  const failed = steps.find(({ error }) => error !== null && error.line !== null)
  if (!failed) return null
  const show = (): void => {
    const step = store.state().draft.steps.find(({ savedName }) => savedName === failed.name)
    const field = step?.type === 'webhook' ? 'payload' : 'code'
    const editor = store.editor(`${step?.key} ${field}`)
    if (editor) editor.goTo(failed.error?.line ?? 1, failed.error?.column ?? 1)
    else document.querySelector('[data-mark="true"]')?.scrollIntoView({ block: 'center' })
  }
  return (
    <button type="button" className="link" onClick={show}>
      {failed.name}, line {failed.error?.line}
    </button>
  )
}

/** What user code did after the run had ended: recorded, and not carried out. */
function LateNotes({ run }: { readonly run: EventDetailWire['run'] }) {
  if (!run || run.late.length === 0) return null
  return (
    <ul
      className="verdict late-notes"
      data-tone="failed"
      tabIndex={0}
      aria-label="After the run had ended"
    >
      {run.late.map(({ step, text, at }, i) => (
        <li key={i}>
          {step}, {duration(at)} after the start: {text}
        </li>
      ))}
    </ul>
  )
}

function DryRunButton({ run }: { readonly run: () => void }) {
  const isRunning = useIsDryRunning()
  return (
    <button
      type="button"
      disabled={isRunning}
      title={`Run the steps as they stand here on this event, and send nothing (${RUN_KEY})`}
      onClick={run}
    >
      Dry run
    </button>
  )
}

/** On the workflow as it is now; and, where that has changed since, on the version that ran. */
function ReplayButtons({ workflow, detail }: Pick<Props, 'workflow' | 'detail'>) {
  const { mutate, isPending } = useReplay()
  const original = detail.run?.version ?? workflow.version
  const isOld = original !== workflow.version
  return (
    <>
      {isOld && (
        <button
          type="button"
          disabled={isPending}
          onClick={() => mutate({ eventId: detail.id, version: 'original' })}
        >
          Replay on v{original}
        </button>
      )}
      <button
        type="button"
        className="primary-quiet"
        disabled={isPending}
        title="Run this event again, as a new event"
        onClick={() => mutate({ eventId: detail.id, version: 'latest' })}
      >
        <Icon name="again" />
        Replay{isOld && ` on v${workflow.version}`}
      </button>
    </>
  )
}
