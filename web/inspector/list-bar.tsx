/** Above the list: live or paused, and the search, whose words may be filters. */
import type { EventRowWire } from '../../src/inspector/wire-event.ts'
import type { FeedView } from '../api/row-feed.ts'
import { filterHints, withoutWord } from '../model/search-words.ts'
import type { Search } from '../model/search-words.ts'
import { Icon } from '../parts/icon.tsx'
import { LiveSwitch } from '../parts/live-switch.tsx'
import { SearchBox } from '../parts/search-box.tsx'
import { usePlace } from './place.ts'
import { SEARCH_BOX } from './use-workflow-keys.ts'

type Props = {
  readonly view: FeedView<EventRowWire>
  readonly found: Search
  /** The one of today. */
  readonly version: number
  readonly isPaused: boolean
  readonly pause: (paused: boolean) => void
}

export function ListBar({ view, found, version, isPaused, pause }: Props) {
  const { search, go } = usePlace()
  const text = search.q ?? ''
  return (
    <div className="list-bar">
      <div className="list-tools">
        <LiveSwitch live={view.live} heldCount={view.heldCount} isPaused={isPaused} pause={pause} />
        <div className="search-place">
          <SearchBox
            id={SEARCH_BOX}
            label="Search events"
            placeholder="Search, or status:failed"
            text={text}
            change={(q) => go({ q: q === '' ? undefined : q }, { replace: true })}
          />
          <FilterHints text={text} version={version} />
        </div>
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

/** While somebody is at the box: what can be filtered by, each one press away. */
function FilterHints({ text, version }: { readonly text: string; readonly version: number }) {
  const { go } = usePlace()
  const hints = filterHints(text, version, new Date().toLocaleDateString('sv'))
  if (hints.length === 0) return null
  return (
    <span className="filter-hints" role="group" aria-label="Filters">
      {hints.map((hint) => (
        <button
          key={hint}
          type="button"
          className="chip"
          // The box keeps the focus, and so this stays.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => go({ q: `${text} ${hint}`.trim() }, { replace: true })}
        >
          {hint}
        </button>
      ))}
    </span>
  )
}
