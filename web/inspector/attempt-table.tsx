/** Every try of a delivery; choosing one shows its request, response and timing in the other panes. */
import type { AttemptWire } from '../../src/inspector/wire-event.ts'
import { duration } from '../model/quantity.ts'
import { attemptOutcome } from '../model/status-words.ts'
import { exactTime } from '../model/time.ts'
import { StatusText } from '../parts/status-text.tsx'

type Props = {
  readonly attempts: readonly AttemptWire[]
  readonly chosen: number
  readonly choose: (number: number) => void
}

export function AttemptTable({ attempts, chosen, choose }: Props) {
  return (
    <div className="table-place">
      <table className="attempts">
        <thead>
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">Started</th>
            <th scope="col">Outcome</th>
            <th scope="col">Address</th>
            <th scope="col" className="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt) => (
            <tr key={attempt.number} aria-current={attempt.number === chosen ? 'true' : undefined}>
              <td>
                <button
                  type="button"
                  className="link"
                  aria-pressed={attempt.number === chosen}
                  onClick={() => choose(attempt.number)}
                >
                  {attempt.number}
                </button>
              </td>
              <td>{exactTime(Date.parse(attempt.startedAt))}</td>
              <td>
                <StatusText status={attemptOutcome(attempt.outcome)} />{' '}
                <span className="faint">{attempt.response?.status ?? attempt.code}</span>
              </td>
              <td className="mono">{attempt.remoteAddress ?? '–'}</td>
              <td className="number">
                {attempt.timings ? duration(attempt.timings.totalMs) : '–'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
