/**
 * Code to read: numbered lines, the failing one marked, the words colored once the parser, which comes
 * in a chunk of its own, is there. Long code shows its beginning, or the part around the mark.
 */
import { useEffect, useState } from 'react'
import { count } from '../model/quantity.ts'
import { CopyButton } from '../parts/copy-button.tsx'

type Props = {
  readonly code: string
  readonly label: string
  /** The line to mark, from 1. */
  readonly mark: number | null
}

export type Piece = { readonly text: string; readonly kind: string }
type Lines = readonly (readonly Piece[])[]

const SHOWN = 16

const plainLines = (code: string): Lines => code.split('\n').map((text) => [{ text, kind: '' }])

export function CodeView({ code, label, mark }: Props) {
  const lines = useColored(code)
  const [isWhole, setWhole] = useState(false)
  const first = !isWhole && mark !== null && mark > SHOWN - 2 ? Math.max(0, mark - SHOWN / 2) : 0
  const shown =
    isWhole || lines.length <= SHOWN + 2 ? lines.slice(first) : lines.slice(first, first + SHOWN)
  const left = lines.length - shown.length
  return (
    <div className="code-place">
      <pre className="code" tabIndex={0} aria-label={label}>
        {shown.map((pieces, i) => {
          const number = first + i + 1
          return (
            <code key={number} className="code-line" data-mark={number === mark}>
              <span className="code-number" aria-hidden="true">
                {number}
              </span>
              <span>
                {pieces.map(({ text, kind }, at) => (
                  <span key={at} className={kind}>
                    {text}
                  </span>
                ))}
                {'\n'}
              </span>
            </code>
          )
        })}
      </pre>
      <span className="code-copy">
        <CopyButton text={code} what="the code" />
      </span>
      {left > 0 && (
        <button type="button" className="link code-more" onClick={() => setWhole(true)}>
          Show all {count(lines.length)} lines
        </button>
      )}
    </div>
  )
}

function useColored(code: string): Lines {
  const [colored, setColored] = useState<{ readonly code: string; readonly lines: Lines } | null>(
    null,
  )
  useEffect(() => {
    let isWanted = true
    void import('./highlight.ts').then(({ highlight }) => {
      if (isWanted) setColored({ code, lines: highlight(code) })
    })
    return () => {
      isWanted = false
    }
  }, [code])
  return colored?.code === code ? colored.lines : plainLines(code)
}
