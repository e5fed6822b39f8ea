/** The list of deliveries, drawn only where it is seen; more is read when its end comes into sight. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { memo, useEffect, useRef } from 'react'
import type { DeliveryRowWire } from '../../src/inspector/wire-operations.ts'
import type { FeedView, RowFeed } from '../api/row-feed.ts'
import { workflowsQuery } from '../api/queries.ts'
import { CHOICE_MOST, isChosen } from '../model/choice.ts'
import { count, duration } from '../model/quantity.ts'
import { rowResult } from '../model/status-words.ts'
import { NewPill } from '../parts/live-switch.tsx'
import { RelativeTime } from '../parts/relative-time.tsx'
import { StatusText } from '../parts/status-text.tsx'
import type { Choosing } from '../parts/use-choice.ts'
import { useRowWindow } from '../parts/use-row-window.ts'

type Props = {
  readonly feed: RowFeed<DeliveryRowWire>
  readonly view: FeedView<DeliveryRowWire>
  readonly isPaused: boolean
  readonly choosing: Choosing
}

export function DeliveryTable({ feed, view, isPaused, choosing }: Props) {
  const { rows, hasOlder } = view
  const { choice, isAny, choose, chooseAll } = choosing
  const scroller = useRef<HTMLDivElement>(null)
  const { data: workflows = [] } = useQuery(workflowsQuery)
  const names = new Map(workflows.map(({ id, name }) => [id, name]))
  const rowWindow = useRowWindow(scroller, rows.length)
  const { first, end, isAtTop } = rowWindow
  // Nothing moves while somebody reads further down, or is choosing rows.
  const room = isPaused || isAny || !isAtTop ? 0 : Number.POSITIVE_INFINITY
  useEffect(() => feed.setRoom(room), [feed, room])
  const isEndNear = end >= rows.length && hasOlder
  useEffect(() => {
    if (isEndNear) feed.readOlder()
  })
  const showNew = (): void => {
    rowWindow.toTop()
    feed.letAllIn()
  }
  const areAll = rows.length > 0 && choice.ids.size >= Math.min(rows.length, CHOICE_MOST)
  return (
    <div className="list-place">
      {!isPaused && view.heldCount > 0 && <NewPill heldCount={view.heldCount} show={showNew} />}
      <div className="delivery-row table-head">
        <input
          type="checkbox"
          aria-label={`Select the ${count(Math.min(rows.length, CHOICE_MOST))} deliveries that are loaded`}
          checked={areAll}
          onChange={chooseAll}
        />
        <span>Event</span>
        <span>Workflow</span>
        <span>Request</span>
        <span>Result</span>
        <span className="number">Took</span>
        <span className="number">Attempts</span>
      </div>
      <div ref={scroller} className="list-scroller">
        <ol className="event-list" aria-label="Deliveries" style={rowWindow.style}>
          {rows.slice(first, end).map((row) => {
            return (
              <Row
                key={row.id}
                row={row}
                workflow={names.get(row.workflowId) ?? 'Deleted'}
                isChosen={isChosen(choice, row.id)}
                choose={choose}
              />
            )
          })}
        </ol>
        <p className="list-end">{endText(rows, hasOlder)}</p>
      </div>
    </div>
  )
}

function endText(rows: readonly DeliveryRowWire[], hasMore: boolean): string {
  if (!hasMore) return `${count(rows.length)} in all`
  return rows.length === 0 ? 'Looking further back' : 'Reading older ones'
}

type RowProps = {
  readonly row: DeliveryRowWire
  readonly workflow: string
  readonly isChosen: boolean
  readonly choose: Choosing['choose']
}

const Row = memo(
  DrawnRow,
  (one, other) =>
    one.isChosen === other.isChosen &&
    one.workflow === other.workflow &&
    one.choose === other.choose &&
    one.row === other.row,
)

function DrawnRow({ row, workflow, isChosen: checked, choose }: RowProps) {
  const { id, eventId, workflowId, step, index, method, url, attempts, last } = row
  const took = last?.totalMs ?? null
  return (
    <li className="delivery-row" data-chosen={checked}>
      <input
        type="checkbox"
        aria-label={`Select ${method} ${url}`}
        checked={checked}
        // Here and not on change, which does not know of the shift key.
        onClick={(event) => choose(id, event.shiftKey)}
        readOnly
      />
      <span className="row-time">
        <RelativeTime at={row.receivedAt} />
      </span>
      <span className="row-workflow" title={`${workflow}, step ${step}`}>
        {workflow}
      </span>
      <Link
        className="row-request"
        to="/workflows/$workflowId"
        params={{ workflowId }}
        search={{ event: eventId, delivery: id }}
        title={`${method} ${url} (${step} [${index}])`}
      >
        <span className="method">{method}</span> <span className="path">{url}</span>
      </Link>
      <span className="row-result" title={last?.error ?? undefined}>
        <StatusText status={rowResult(row)} />
      </span>
      <span className="number">{took === null ? '–' : duration(took)}</span>
      <span className="number row-attempts">{count(attempts)}</span>
    </li>
  )
}
