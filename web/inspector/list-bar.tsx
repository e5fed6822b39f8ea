/** Above the list: live or paused, and the search, whose words may be filters. */
import { useEffect, useState } from 'react'
import type { EventRowWire } from '../../src/inspector/wire-event.ts'
import type { FeedView } from '../api/row-feed.ts'
import { withoutWord } from '../model/search-words.ts'
import type { Search } from '../model/search-words.ts'
import { Icon } from '../parts/icon.tsx'
import { LiveSwitch } from '../parts/live-switch.tsx'
import { usePlace } from './place.ts'
import { SEARCH_BOX } from './use-workflow-keys.ts'

type Props = {
  readonly view: FeedView<EventRowWire>
  readonly found: Search
  readonly isPaused: boolean
  readonly pause: (paused: boolean) => void
}

const TYPING_MS = 200

export function ListBar({ view, found, isPaused, pause }: Props) {
  const { search, go } = usePlace()
  const text = search.q ?? ''
  return (
    <div className="list-bar">
      <div className="list-tools">
        <LiveSwitch live={view.live} heldCount={view.heldCount} isPaused={isPaused} pause={pause} />
        <SearchBox
          text={text}
          change={(q) => go({ q: q === '' ? undefined : q }, { replace: true })}
        />
        <button type="button" className="narrow-only" onClick={() => go({ view: 'steps' })}>
          Steps
        </button>
      </div>
      {(found.chips.length > 0 || found.mistakes.length > 0) && (
        <div className="chips">
          {found.chips.map((chip) => (
            <button
              key={chip}
              type="button"
              className="chip"
              aria-label={`Remove the filter ${chip}`}
              onClick={() => go({ q: withoutWord(text, chip) }, { replace: true })}
            >
              {chip}
              <Icon name="cross" />
            </button>
          ))}
          {found.mistakes.map((mistake) => (
            <span key={mistake} className="field-problem" role="status">
              {mistake}
            </span>
          ))}
        </div>
      )}
    </div>
  )
}

/** Typing is answered at once; the address and the list follow when the typing rests. */
function SearchBox({ text, change }: { text: string; change: (text: string) => void }) {
  const [typed, setTyped] = useState(text)
  const [known, setKnown] = useState(text)
  if (text !== known) {
    setKnown(text)
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
        id={SEARCH_BOX}
        type="search"
        aria-label="Search events"
        placeholder="Search, or status:failed"
        value={typed}
        spellCheck={false}
        autoComplete="off"
        maxLength={500}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur()
          if (event.key === 'Enter') change(typed.trim())
        }}
      />
    </div>
  )
}
