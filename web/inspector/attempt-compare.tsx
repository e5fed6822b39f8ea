/** Two attempts of a delivery, line by line: what was otherwise the time it worked, or did not. */
import { useState } from 'react'
import type { AttemptWire, DeliveryWire } from '../../src/inspector/wire-event.ts'
import { Diff } from '../editor/diff.tsx'
import { attemptText } from '../model/attempt-text.ts'
import { lineDiff } from '../model/definition-diff.ts'

type Props = { readonly delivery: DeliveryWire; readonly chosen: AttemptWire }

export function AttemptCompare({ delivery, chosen }: Props) {
  const others = delivery.attempts.filter(({ number }) => number !== chosen.number)
  const [wanted, setWanted] = useState<number | null>(null)
  const other = others.find(({ number }) => number === wanted)
  return (
    <div className="attempt-compare">
      <label>
        Compare attempt {chosen.number} with{' '}
        <select
          value={other?.number ?? ''}
          onChange={({ target }) => setWanted(target.value === '' ? null : Number(target.value))}
        >
          <option value="">none</option>
          {others.map(({ number }) => (
            <option key={number} value={number}>
              {number}
            </option>
          ))}
        </select>
      </label>
      {other && (
        <Diff
          sections={[
            {
              title: `From attempt ${other.number} to ${chosen.number}`,
              change: 'changed',
              lines: lineDiff(attemptText(other, delivery), attemptText(chosen, delivery)),
            },
          ]}
        />
      )}
    </div>
  )
}
