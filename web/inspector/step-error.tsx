/** What a step threw, with the place in its code, and the stack for who wants it. */
import type { StepRecord } from '../model/step-views.ts'
import { useState } from 'react'

type Props = {
  readonly error: NonNullable<StepRecord['error']>
  readonly goTo?: ((line: number | null, column: number | null) => void) | undefined
}

export function StepError({ error, goTo }: Props) {
  const [isOpen, setOpen] = useState(false)
  const { name, message, stack, line, column } = error
  return (
    <div className="step-error" role="note" aria-label="Error">
      <p className="mono">
        <strong>{name}</strong>: {message}
      </p>
      <p className="step-error-place">
        {line !== null &&
          (goTo ? (
            <button type="button" className="link" onClick={() => goTo(line, column)}>
              {placeText(line, column)}
            </button>
          ) : (
            <span>{placeText(line, column)}</span>
          ))}
        {stack !== '' && (
          <button
            type="button"
            className="link"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            stack
          </button>
        )}
      </p>
      {isOpen && <pre className="mono stack-text">{stack}</pre>}
    </div>
  )
}

const placeText = (line: number, column: number | null): string =>
  column === null ? `line ${line}` : `line ${line}, column ${column}`
