/** Where the time of an attempt went: one bar per phase on a common axis, each with its number. */
import type { AttemptWire } from '../../src/inspector/wire-event.ts'
import { duration } from '../model/quantity.ts'
import { exactTime } from '../model/time.ts'
import { waterfall } from '../model/waterfall.ts'

type Props = {
  readonly attempt: AttemptWire
  readonly timings: NonNullable<AttemptWire['timings']>
}

export function Timing({ attempt, timings }: Props) {
  const { bars, totalMs } = waterfall(timings)
  return (
    <div className="timing">
      <p className="faint">
        Attempt {attempt.number} · {exactTime(Date.parse(attempt.startedAt))}
        {attempt.remoteAddress !== null && ` · ${attempt.remoteAddress}`}
      </p>
      <table className="bars">
        <caption className="visually-hidden">Phases of the attempt</caption>
        <tbody>
          {bars.map(({ name, ms, start, length }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="bar-place" aria-hidden="true">
                <span
                  className="bar"
                  style={{ marginInlineStart: `${start * 100}%`, width: `${length * 100}%` }}
                />
              </td>
              <td className="number">{duration(ms)}</td>
            </tr>
          ))}
          <tr className="bar-total">
            <th scope="row">Total</th>
            <td />
            <td className="number">{duration(totalMs)}</td>
          </tr>
        </tbody>
      </table>
    </div>
  )
}
