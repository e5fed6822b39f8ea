/** A comparison of two definitions, drawn as code reviews draw it: signs, colors, and words for readers. */
import type { Section } from '../model/definition-diff.ts'

const spoken = { ' ': '', '+': 'added: ', '−': 'removed: ' } as const

export function Diff({ sections }: { readonly sections: readonly Section[] }) {
  return (
    <div className="diff" tabIndex={0} role="region" aria-label="Differences">
      {sections.map(({ title, change, lines }) => (
        <section key={title + change} className="diff-section">
          <h3 className="diff-title">
            {title} <span className="faint">{change}</span>
          </h3>
          {lines.length > 0 && (
            <pre className="diff-lines">
              {lines.map(({ sign, text }, at) => (
                <code key={at} className="diff-line" data-sign={sign}>
                  <span className="diff-sign" aria-hidden="true">
                    {sign}
                  </span>
                  <span className="visually-hidden">{spoken[sign]}</span>
                  <span>{text || ' '}</span>
                </code>
              ))}
            </pre>
          )}
        </section>
      ))}
    </div>
  )
}
