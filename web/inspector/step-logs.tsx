/** What a step wrote to the console, in order, with the time since the run began. */
import { useState } from 'react'
import { count, duration, plural } from '../model/quantity.ts'
import type { StepRecord } from '../model/step-views.ts'
import { Fold } from '../parts/fold.tsx'

const SHOWN = 100
const LINE = 4_000

type Log = StepRecord['logs'][number]

export function StepLogs({ logs }: { readonly logs: readonly Log[] }) {
  const [shown, setShown] = useState(SHOWN)
  const left = logs.length - shown
  return (
    <Fold label="Logs" hint={plural(logs.length, 'line')}>
      <ol className="logs" aria-label="Logs">
        {logs.slice(0, shown).map((log, i) => (
          <LogLine key={i} log={log} />
        ))}
      </ol>
      {left > 0 && (
        <button type="button" className="link" onClick={() => setShown(shown + 10 * SHOWN)}>
          Show {count(Math.min(10 * SHOWN, left))} more lines
        </button>
      )}
    </Fold>
  )
}

function LogLine({ log: { at, level, text } }: { readonly log: Log }) {
  const [isWhole, setWhole] = useState(text.length <= LINE)
  return (
    <li data-level={level}>
      <span className="log-at">{duration(at)}</span>
      <span className="log-text">
        {level !== 'log' && <span className="log-level">{level} </span>}
        {isWhole ? text : text.slice(0, LINE)}
        {!isWhole && (
          <button type="button" className="link" onClick={() => setWhole(true)}>
            Show {count(text.length - LINE)} more characters
          </button>
        )}
      </span>
    </li>
  )
}
