/** A search that follows the typing: answered at once here, by the address and the list when it rests. */
import { useEffect, useState } from 'react'
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
  if (text !== known) {
    setKnown(text)
    // A space that was just typed, before the next word, stays.
    if (text !== typed.trim()) setTyped(text)
  }
  useEffect(() => {
    if (typed.trim() === known) return undefined
    const timer = setTimeout(() => change(typed.trim()), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, known, change])
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
          if (event.key === 'Enter') change(typed.trim())
        }}
      />
    </div>
  )
}
