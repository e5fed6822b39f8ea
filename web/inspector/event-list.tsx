/**
 * The list of events, drawn only where it is seen. New rows come in while the list is at its top; they
 * are held back while the reader has paused, scrolled, or would lose the selected row from sight.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import type { Virtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef } from 'react'
import type { EventRowWire } from '../../src/inspector/wire.ts'
import type { FeedView, RowFeed } from '../api/row-feed.ts'
import { CHOICE_MOST, isChosen } from '../model/choice.ts'
import { dayRows } from '../model/day-rows.ts'
import { count } from '../model/quantity.ts'
import { dayKey } from '../model/time.ts'
import { NewPill } from '../parts/live-switch.tsx'
import { useNow } from '../parts/relative-time.tsx'
import type { Choosing } from '../parts/use-choice.ts'
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

const ROW_PX = 28
const OVERSCAN = 10

export function EventList({ feed, view, version, isPaused, choosing }: Props) {
  const { search, go } = usePlace()
  const scroller = useRef<HTMLDivElement>(null)
  const today = dayKey(useNow())
  const lines = useMemo(() => dayRows(view.rows, Date.now()), [view.rows, today])
  const selectedAt = lines.findIndex(({ key }) => key === search.event)
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => lines[index]!.key,
    overscan: OVERSCAN,
  })
  const items = virtualizer.getVirtualItems()
  const offset = virtualizer.scrollOffset ?? 0
  const height = scroller.current?.clientHeight ?? 0
  useEffect(() => {
    feed.setRoom(isPaused || choosing.isAny ? 0 : roomFor(offset, height, selectedAt))
  }, [feed, isPaused, choosing.isAny, offset, height, selectedAt])
  useEffect(() => {
    if ((items.at(-1)?.index ?? -1) >= lines.length - OVERSCAN && view.hasOlder) feed.readOlder()
  })
  useShowSelected(search.event, selectedAt, scroller.current, virtualizer)

  const toTop = (): void => {
    virtualizer.scrollToOffset(0)
    feed.letAllIn()
  }
  const tabStop = search.event !== undefined && selectedAt !== -1 ? search.event : lines[1]?.key
  return (
    <div className="list-place">
      {!isPaused && view.heldCount > 0 && <NewPill heldCount={view.heldCount} show={toTop} />}
      <ListHead rows={view.rows} choosing={choosing} />
      <div ref={scroller} className="list-scroller">
        <ol
          className="event-list"
          data-choosing={choosing.isAny}
          aria-label="Events"
          style={{ height: virtualizer.getTotalSize() }}
        >
          {items.map(({ index, key, start }) => {
            const line = lines[index]!
            if (line.kind === 'day') {
              return (
                <li key={key} className="day" style={{ transform: `translateY(${start}px)` }}>
                  {line.label}
                </li>
              )
            }
            return (
              <EventRow
                key={key}
                row={line.row}
                top={start}
                isOld={line.row.version < version}
                isNew={offset === 0 && view.fresh.has(line.row.id)}
                isSelected={line.row.id === search.event}
                isTabStop={line.row.id === tabStop}
                isChosen={isChosen(choosing.choice, line.row.id)}
                choose={choosing.choose}
                href={hrefOf(search, line.row.id)}
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
function roomFor(offset: number, height: number, selectedAt: number): number {
  if (offset > 0) return 0
  const bottom = (selectedAt + 1) * ROW_PX
  const isInSight = selectedAt !== -1 && bottom <= height
  return isInSight ? Math.floor((height - bottom) / ROW_PX) : Number.POSITIVE_INFINITY
}

/** Scrolls to a newly selected row if it is out of sight; the focus follows if it was in the list. */
function useShowSelected(
  selected: string | undefined,
  selectedAt: number,
  scroller: HTMLElement | null,
  virtualizer: Virtualizer<HTMLDivElement, Element>,
): void {
  const shown = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (selectedAt === -1 || selected === shown.current) return
    shown.current = selected
    virtualizer.scrollToIndex(selectedAt, { align: 'auto' })
    if (!scroller?.contains(document.activeElement)) return
    requestAnimationFrame(() => {
      const row = scroller.querySelector(`[data-row="${CSS.escape(selected ?? '')}"]`)
      if (row instanceof HTMLElement) row.focus({ preventScroll: true })
    })
  }, [selected, selectedAt, scroller, virtualizer])
}

/** The address of an event: what is searched for stays, what is open in another one does not. */
function hrefOf({ q, bulk }: WorkflowSearch, eventId: string): string {
  const kept = { ...(q === undefined ? {} : { q }), ...(bulk === undefined ? {} : { bulk }) }
  return `?${new URLSearchParams({ ...kept, event: eventId }).toString()}`
}

/** The names of the columns, which say nothing that a row does not, and the box that chooses all rows. */
function ListHead({ rows, choosing }: { rows: readonly EventRowWire[]; choosing: Choosing }) {
  const { choice, chooseAll } = choosing
  const areAll = rows.length > 0 && (choice.matching !== null || choice.ids.size >= rows.length)
  return (
    <div className="list-head">
      <input
        type="checkbox"
        aria-label={`Select the ${count(Math.min(rows.length, CHOICE_MOST))} events that are loaded`}
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
}

function ListEnd({ view }: { readonly view: FeedView<EventRowWire> }) {
  if (view.readingOlder) return <p className="list-end">Reading older events</p>
  if (view.hasOlder) return <p className="list-end">Older events follow</p>
  return <p className="list-end">No older events</p>
}
