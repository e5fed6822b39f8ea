/** What a step threw, with the place in its code, and the stack for who wants it. */
import type { StepRecord } from '../model/step-views.ts'
import { useState } from 'react'

export function StepError({ error }: { readonly error: NonNullable<StepRecord['error']> }) {
  const [isOpen, setOpen] = useState(false)
  const { name, message, stack, line, column } = error
  return (
    <div className="step-error" role="note" aria-label="Error">
      <p className="mono">
        <strong>{name}</strong>: {message}
      </p>
      <p className="step-error-place">
        {line !== null && (
          <span>
            line {line}
            {column !== null && `, column ${column}`}
          </span>
        )}
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
