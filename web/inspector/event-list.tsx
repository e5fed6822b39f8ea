/**
 * The list of events, drawn only where it is seen. New rows come in while the list is at its top; they
 * are held back while the reader has paused, scrolled, or would lose the selected row from sight.
 */
import { memo, useEffect, useMemo, useRef } from 'react'
import type { EventRowWire } from '../../src/inspector/wire-event.ts'
import type { FeedView, RowFeed } from '../api/row-feed.ts'
import { CHOICE_MOST, isChosen } from '../model/choice.ts'
import type { Choice } from '../model/choice.ts'
import { dayRows } from '../model/day-rows.ts'
import { count } from '../model/quantity.ts'
import { dayKey } from '../model/time.ts'
import { NewPill } from '../parts/live-switch.tsx'
import { useNow } from '../parts/relative-time.tsx'
import type { Choosing } from '../parts/use-choice.ts'
import { useRowWindow } from '../parts/use-row-window.ts'
import type { RowWindow } from '../parts/use-row-window.ts'
import { EventRow } from './event-row.tsx'
import { usePlace } from './place.ts'
import type { WorkflowSearch } from '../router.tsx'

type Props = {
  readonly feed: RowFeed<EventRowWire>
  readonly view: FeedView<EventRowWire>
  /** The version of today: rows of older ones are fainter. */
  readonly version: number
  readonly isPaused: boolean
  readonly choosing: Choosing
}

export function EventList({ feed, view, version, isPaused, choosing }: Props) {
  const { search, go } = usePlace()
  const scroller = useRef<HTMLDivElement>(null)
  const today = dayKey(useNow())
  const lines = useMemo(() => dayRows(view.rows, Date.now()), [view.rows, today])
  const selectedAt = useMemo(
    () => lines.findIndex(({ key }) => key === search.event),
    [lines, search.event],
  )
  const rowWindow = useRowWindow(scroller, lines.length)
  const { first, end, isAtTop, fits } = rowWindow
  const room = isPaused || choosing.isAny || !isAtTop ? 0 : roomFor(fits, selectedAt)
  useEffect(() => feed.setRoom(room), [feed, room])
  const isEndNear = end >= lines.length && view.hasOlder
  useEffect(() => {
    if (isEndNear) feed.readOlder()
  })
  useShowSelected(search.event, selectedAt, scroller.current, rowWindow)

  const hrefs = hrefsIn(search)
  const toTop = (): void => {
    rowWindow.toTop()
    feed.letAllIn()
  }
  const tabStop = search.event !== undefined && selectedAt !== -1 ? search.event : lines[1]?.key
  return (
    <div className="list-place">
      {!isPaused && view.heldCount > 0 && <NewPill heldCount={view.heldCount} show={toTop} />}
      <ListHead
        loaded={view.rows.length}
        areAll={areAllChosen(choosing.choice, view.rows.length)}
        chooseAll={choosing.chooseAll}
      />
      <div ref={scroller} className="list-scroller">
        <ol
          className="event-list"
          data-choosing={choosing.isAny}
          aria-label="Events"
          style={rowWindow.style}
        >
          {lines.slice(first, end).map((line) => {
            if (line.kind === 'day') {
              return (
                <li key={line.key} className="day">
                  {line.label}
                </li>
              )
            }
            return (
              <EventRow
                key={line.key}
                row={line.row}
                isOld={line.row.version < version}
                isNew={isAtTop && view.fresh.has(line.row.id)}
                isSelected={line.row.id === search.event}
                isTabStop={line.row.id === tabStop}
                isChosen={isChosen(choosing.choice, line.row.id)}
                choose={choosing.choose}
                href={hrefs + line.row.id}
                go={go}
              />
            )
          })}
        </ol>
        <ListEnd view={view} />
      </div>
    </div>
  )
}

/** How many rows may come in above: as many as leave the selected one in sight. */
function roomFor(fits: number, selectedAt: number): number {
  const isInSight = selectedAt !== -1 && selectedAt < fits
  return isInSight ? fits - selectedAt - 1 : Number.POSITIVE_INFINITY
}

/** Scrolls to a newly selected row if it is out of sight; the focus follows if it was in the list. */
function useShowSelected(
  selected: string | undefined,
  selectedAt: number,
  scroller: HTMLElement | null,
  { show }: RowWindow,
): void {
  const shown = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (selectedAt === -1 || selected === shown.current) return
    shown.current = selected
    show(selectedAt)
    if (!scroller?.contains(document.activeElement)) return
    requestAnimationFrame(() => {
      const row = scroller.querySelector(`[data-row="${CSS.escape(selected ?? '')}"]`)
      if (row instanceof HTMLElement) row.focus({ preventScroll: true })
    })
  }, [selected, selectedAt, scroller, show])
}

/** The address of an event but for its id: what is searched for stays, what is open in another one does not. */
function hrefsIn({ q, bulk }: WorkflowSearch): string {
  const kept = { ...(q === undefined ? {} : { q }), ...(bulk === undefined ? {} : { bulk }) }
  return `?${new URLSearchParams({ ...kept, event: '' }).toString()}`
}

const areAllChosen = (choice: Choice, loaded: number): boolean =>
  loaded > 0 && (choice.matching !== null || choice.ids.size >= loaded)

type HeadProps = {
  readonly loaded: number
  readonly areAll: boolean
  readonly chooseAll: () => void
}

/** The names of the columns, which say nothing that a row does not, and the box that chooses all rows. */
const ListHead = memo(({ loaded, areAll, chooseAll }: HeadProps) => {
  return (
    <div className="list-head">
      <input
        type="checkbox"
        aria-label={`Select the ${count(Math.min(loaded, CHOICE_MOST))} events that are loaded`}
        checked={areAll}
        onChange={chooseAll}
      />
      <div className="event-cells" aria-hidden="true">
        <span>Time</span>
        <span>Request</span>
        <span className="number">Dest</span>
        <span className="number">Run</span>
        <span>Message</span>
      </div>
    </div>
  )
})

function ListEnd({ view }: { readonly view: FeedView<EventRowWire> }) {
  if (view.readingOlder) return <p className="list-end">Reading older events</p>
  if (view.hasOlder) return <p className="list-end">Older events follow</p>
  return <p className="list-end">No older events</p>
}
