/** A comparison of two definitions, drawn as code reviews draw it: signs, colors, and words for readers. */
import { useState } from 'react'
import type { Section } from '../model/definition-diff.ts'
import { count } from '../model/quantity.ts'

const spoken = { ' ': '', '+': 'added: ', '−': 'removed: ' } as const

/** Lines of a section, and characters of a line, that are drawn before somebody asks for more. */
const SHOWN = 500
const LINE = 2_000

export function Diff({ sections }: { readonly sections: readonly Section[] }) {
  return (
    <div className="diff" tabIndex={0} role="region" aria-label="Differences">
      {sections.map(({ title, change, lines }) => (
        <section key={title + change} className="diff-section">
          <h3 className="diff-title">
            {title} <span className="faint">{change}</span>
          </h3>
          {lines.length > 0 && <Lines lines={lines} />}
        </section>
      ))}
    </div>
  )
}

function Lines({ lines }: Pick<Section, 'lines'>) {
  const [most, setMost] = useState(SHOWN)
  const left = lines.length - most
  return (
    <>
      <pre className="diff-lines">
        {lines.slice(0, most).map(({ sign, text }, at) => (
          <code key={at} className="diff-line" data-sign={sign}>
            <span className="diff-sign" aria-hidden="true">
              {sign}
            </span>
            <span className="visually-hidden">{spoken[sign]}</span>
            <span>{text.length > LINE ? `${text.slice(0, LINE)}…` : text || ' '}</span>
          </code>
        ))}
      </pre>
      {left > 0 && (
        <button type="button" className="link" onClick={() => setMost(most + 2 * SHOWN)}>
          Show {count(Math.min(2 * SHOWN, left))} more lines of {count(left)}
        </button>
      )}
    </>
  )
}
