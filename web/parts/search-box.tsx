/** A search that follows the typing: answered at once here, by the address and the list when it rests. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { Icon } from './icon.tsx'

type Props = {
  readonly id: string
  /** What is searched, for those who do not see the box. */
  readonly label: string
  readonly placeholder: string
  readonly text: string
  /** Called with what was typed, without the spaces around it. */
  readonly change: (text: string) => void
}

const TYPING_MS = 200

export function SearchBox({ id, label, placeholder, text, change }: Props) {
  const [typed, setTyped] = useState(text)
  const [known, setKnown] = useState(text)
  /** What was asked for and has not come back as `text` yet: the address follows a while later. */
  const [asked, setAsked] = useState<readonly string[]>([])
  const latest = useRef(change)
  useEffect(() => {
    latest.current = change
  })
  if (text !== known) {
    const at = asked.indexOf(text)
    setKnown(text)
    setAsked(at === -1 ? [] : asked.slice(at + 1))
    // What was typed since it was asked for, or a space before the next word, stays.
    if (at === -1 && text !== typed.trim()) setTyped(text)
  }
  const ask = useCallback((wanted: string): void => {
    setAsked((before) => [...before, wanted])
    latest.current(wanted)
  }, [])
  // Not by `change`: a page that is drawn again and again would put it off for ever.
  useEffect(() => {
    if (typed.trim() === known) return undefined
    const timer = setTimeout(() => ask(typed.trim()), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, known, ask])
  return (
    <div className="search-box">
      <Icon name="search" />
      <input
        id={id}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={typed}
        spellCheck={false}
        autoComplete="off"
        maxLength={500}
        onChange={({ target }) => setTyped(target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur()
          if (event.key === 'Enter') ask(typed.trim())
        }}
      />
    </div>
  )
}
