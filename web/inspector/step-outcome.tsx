/** What a step did, in the order in which people look: its error, logs, exports, `$event`, deliveries. */
import { shortName } from '../model/json-preview.ts'
import type { StepRecord, StepView } from '../model/step-views.ts'
import { childPath } from '../model/value-path.ts'
import { Fold } from '../parts/fold.tsx'
import { JsonTree } from '../parts/json-tree.tsx'
import { DeliveryList } from './delivery-list.tsx'
import { EventChange } from './event-change.tsx'
import { StepError } from './step-error.tsx'
import { StepLogs } from './step-logs.tsx'

type Props = {
  readonly step: StepView
  readonly record: StepRecord
  /** Shows a line of the step's code; left out where that is not what ran. */
  readonly goTo?: ((line: number | null, column: number | null) => void) | undefined
}

export function StepOutcome({ step, record, goTo }: Props) {
  const { error, logs, exports, skipped, diff } = record
  const names = Object.keys(exports)
  const path = childPath('steps', step.name)
  return (
    <div className="outcome">
      {error && <StepError error={error} goTo={goTo} />}
      {logs.length > 0 && <StepLogs logs={logs} />}
      {names.length > 0 && (
        <Fold label="Exports" hint={shortName(names.slice(0, 20).join(', '))}>
          <JsonTree
            value={exports}
            path={path}
            open={names.map((name) => childPath(path, name))}
            label={`Exports of ${step.name}`}
          />
        </Fold>
      )}
      {diff.length > 0 && <EventChange step={step} operations={diff} />}
      {skipped.map(({ index, reason }) => (
        <p key={index} className="skipped">
          <span className="mono">[{index}]</span> → skipped ({reason})
        </p>
      ))}
      {step.deliveries.length > 0 && <DeliveryList deliveries={step.deliveries} name={step.name} />}
      {isSilent(step, record) && <p className="faint">No logs, no exports, no sends.</p>}
    </div>
  )
}

function isSilent(
  { deliveries }: StepView,
  { error, logs, exports, skipped, diff }: StepRecord,
): boolean {
  const things = [logs, skipped, diff, deliveries, Object.keys(exports)]
  return !error && things.every(({ length }) => length === 0)
}
