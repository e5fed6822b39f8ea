/**
 * A code field: the text as it is at once, the editor in its place when its chunk has come. Its content
 * lives in a shadow root, where the editor may style itself.
 */
import { useEffect, useRef, useState } from 'react'
import type { Scope } from '../model/complete.ts'
import type { Editor, Mark } from './code/mount.ts'
import { missing } from '../parts/lazy-part.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { useDraftStore } from './use-editor.ts'

type Props = {
  /** Names the editor for whoever wants to go there. */
  readonly place: string
  readonly text: string
  readonly label: string
  readonly hint: string
  readonly marks: readonly Mark[]
  readonly scope: Scope
  readonly change: (text: string) => void
  readonly focusFirst?: boolean
}

const NO_MARKS: readonly Mark[] = []

export function CodeEditor(props: Props) {
  const { text, marks, place, focusFirst = false } = props
  const host = useRef<HTMLDivElement>(null)
  const latest = useRef(props)
  const store = useDraftStore()
  const [editor, setEditor] = useState<Editor | null>(null)
  const [isMissing, setMissing] = useState(false)
  useEffect(() => {
    latest.current = props
  })
  useEffect(() => {
    if (isMissing) return undefined
    let made: Editor | undefined
    let isWanted = true
    let forget: (() => void) | undefined
    const scope = (): Scope => latest.current.scope
    const changed = (next: string): void => latest.current.change(next)
    import('./code/mount.ts').then(
      ({ mountEditor }) => {
        if (!isWanted || !host.current) return
        const { text, label, hint } = latest.current
        made = mountEditor(host.current, { text, label, hint, scope, changed })
        forget = store.registerEditor(place, made)
        setEditor(made)
      },
      () => isWanted && setMissing(true),
    )
    return () => {
      isWanted = false
      forget?.()
      made?.destroy()
    }
  }, [place, store, isMissing])
  // Once it is on the page in place of the plain text: what is not shown takes no focus.
  useEffect(() => {
    if (focusFirst) editor?.focus()
  }, [editor, focusFirst])
  useEffect(() => editor?.setText(text), [editor, text])
  const shownMarks = marks.length === 0 ? NO_MARKS : marks
  const marksKey = JSON.stringify(shownMarks)
  useEffect(() => editor?.setMarks(JSON.parse(marksKey) as Mark[]), [editor, marksKey])
  return (
    <div className="code-editor" data-ready={editor !== null}>
      {!editor && <Waiting text={text} />}
      {isMissing && <ProblemNote problem={missing} retry={() => setMissing(false)} />}
      <div ref={host} className="code-host" />
    </div>
  )
}

/** More than a screen of lines; drawing all of a file takes the page longer than the editor takes to come. */
const WAITING = 120
const LINE = 2_000

/** Lines where they will stand, so that nothing jumps when the editor comes. */
function Waiting({ text }: { readonly text: string }) {
  return (
    <pre className="code code-waiting" aria-hidden="true">
      {text.split('\n', WAITING).map((line, i) => (
        <code key={i} className="code-line">
          <span className="code-number">{i + 1}</span>
          <span>{line.slice(0, LINE) || ' '}</span>
        </code>
      ))}
    </pre>
  )
}
