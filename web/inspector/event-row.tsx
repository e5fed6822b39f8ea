/** One event in the list: a link to it, so that it opens in another tab as well. */
import { memo } from 'react'
import type { MouseEvent } from 'react'
import type { EventRowWire } from '../../src/inspector/wire-event.ts'
import { destOfRow } from '../model/dest.ts'
import { duration } from '../model/quantity.ts'
import { rowMessage } from '../model/status-words.ts'
import { clockTime, exactTime } from '../model/time.ts'
import { DestBadge } from '../parts/dest-badge.tsx'
import type { Choosing } from '../parts/use-choice.ts'
import type { Place } from './place.ts'

type Props = {
  readonly row: EventRowWire
  readonly isOld: boolean
  readonly isNew: boolean
  readonly isSelected: boolean
  readonly isTabStop: boolean
  readonly isChosen: boolean
  readonly choose: Choosing['choose']
  readonly href: string
  readonly go: Place['go']
}

export const EventRow = memo(DrawnRow, isSame)

function DrawnRow(props: Props) {
  const { row, isOld, isNew, isSelected, isTabStop, isChosen, choose, href, go } = props
  const at = Date.parse(row.receivedAt)
  const message = rowMessage(row)
  const open = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.button !== 0) return
    event.preventDefault()
    if (event.shiftKey) choose(row.id, true)
    else go({ event: row.id, delivery: undefined, pane: undefined, view: undefined })
  }
  return (
    <li
      className="event-row"
      data-old={isOld}
      data-new={isNew}
      data-current={isSelected}
      data-chosen={isChosen}
      onMouseDown={keepTextUnselected}
    >
      <input
        type="checkbox"
        aria-label={`Select ${clockTime(at)} ${row.method} ${row.path}`}
        tabIndex={isTabStop ? 0 : -1}
        checked={isChosen}
        // Here and not on change, which does not know of the shift key.
        onClick={(event) => choose(row.id, event.shiftKey)}
        readOnly
      />
      <a
        className="event-cells"
        href={href}
        data-row={row.id}
        aria-current={isSelected ? 'true' : undefined}
        tabIndex={isTabStop ? 0 : -1}
        onClick={open}
      >
        <time dateTime={row.receivedAt} title={exactTime(at)}>
          {clockTime(at)}
        </time>
        <span className="request" title={`${row.method} ${row.path}`}>
          <span className="method">{row.method}</span> {row.path}
        </span>
        <DestBadge dest={destOfRow(row)} />
        <span className="number">{row.durationMs === null ? '–' : duration(row.durationMs)}</span>
        <span className="message" data-tone={message?.tone} title={message?.text}>
          {isOld && <span className="old-version">v{row.version} </span>}
          {row.replayOf !== null && <span className="old-version">replay </span>}
          {message?.text}
        </span>
      </a>
    </li>
  )
}

/** A range of rows is chosen with the shift key, and not the text between two clicks. */
const keepTextUnselected = (event: MouseEvent): void => {
  if (event.shiftKey) event.preventDefault()
}

/** Rows are read again and again and mostly come back as they were. */
function isSame(one: Props, other: Props): boolean {
  return places.every((name) => one[name] === other[name]) && isSameRow(one.row, other.row)
}

const places = [
  'isOld',
  'isNew',
  'isSelected',
  'isTabStop',
  'isChosen',
  'choose',
  'href',
] as const satisfies readonly (keyof Props)[]

const isSameRow = (one: EventRowWire, other: EventRowWire): boolean =>
  one === other ||
  (one.id === other.id &&
    one.status === other.status &&
    one.durationMs === other.durationMs &&
    one.failed === other.failed &&
    one.dest.delivered === other.dest.delivered &&
    one.dest.total === other.dest.total)
