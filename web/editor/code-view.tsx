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
/** So many more each time: a file of a hundred thousand lines is not drawn at once. */
const MORE = 2_000
/** Characters of a line. */
const LINE = 4_000
/** Longer code stays plain: the parser would hold the page up. */
const COLORED = 100_000

const plainLines = (code: string): Lines => code.split('\n').map((text) => [{ text, kind: '' }])

export function CodeView({ code, label, mark }: Props) {
  const lines = useColored(code)
  const [most, setMost] = useState(SHOWN)
  const first = mark !== null && mark > most - 2 ? Math.max(0, mark - SHOWN / 2) : 0
  const isShort = lines.length <= SHOWN + 2
  const shown = lines.slice(first, isShort ? undefined : first + most)
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
                {cut(pieces).map(({ text, kind }, at) => (
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
        <button type="button" className="link code-more" onClick={() => setMost(most + MORE)}>
          {left <= MORE
            ? `Show all ${count(lines.length)} lines`
            : `Show ${count(MORE)} more of ${count(lines.length)} lines`}
        </button>
      )}
    </div>
  )
}

/** The beginning of a line that is too long to be laid out, with how much is missing. */
function cut(pieces: readonly Piece[]): readonly Piece[] {
  const length = pieces.reduce((sum, { text }) => sum + text.length, 0)
  if (length <= LINE) return pieces
  const shown: Piece[] = []
  let room = LINE
  for (const { text, kind } of pieces) {
    if (room <= 0) break
    shown.push({ text: text.slice(0, room), kind })
    room -= text.length
  }
  const rest = `… ${count(length - LINE)} more characters: copy the code to see them`
  return [...shown, { text: rest, kind: 'faint' }]
}

function useColored(code: string): Lines {
  const [colored, setColored] = useState<{ readonly code: string; readonly lines: Lines } | null>(
    null,
  )
  useEffect(() => {
    let isWanted = true
    if (code.length > COLORED) return undefined
    import('./highlight.ts').then(
      ({ highlight }) => {
        if (isWanted) setColored({ code, lines: highlight(code) })
      },
      // It can be read without colors.
      () => undefined,
    )
    return () => {
      isWanted = false
    }
  }, [code])
  return colored?.code === code ? colored.lines : plainLines(code)
}
