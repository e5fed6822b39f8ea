/** The list of deliveries, drawn only where it is seen; more is read when its end comes into sight. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useRef } from 'react'
import type { DeliveryRowWire } from '../../src/inspector/wire-operations.ts'
import { workflowsQuery } from '../api/queries.ts'
import { count, duration } from '../model/quantity.ts'
import { rowResult } from '../model/status-words.ts'
import { RelativeTime } from '../parts/relative-time.tsx'
import { StatusText } from '../parts/status-text.tsx'

type Props = {
  readonly rows: readonly DeliveryRowWire[]
  readonly chosen: ReadonlySet<string>
  readonly choose: (ids: ReadonlySet<string>) => void
  readonly hasMore: boolean
  readonly isReading: boolean
  readonly readMore: () => void
}

const ROW_PX = 28
const OVERSCAN = 12

export function DeliveryTable({ rows, chosen, choose, hasMore, isReading, readMore }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const { data: workflows = [] } = useQuery(workflowsQuery)
  const names = new Map(workflows.map(({ id, name }) => [id, name]))
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => rows[index]!.id,
    overscan: OVERSCAN,
  })
  const items = virtualizer.getVirtualItems()
  useEffect(() => {
    const isAtEnd = (items.at(-1)?.index ?? -1) >= rows.length - OVERSCAN
    if (isAtEnd && hasMore && !isReading) readMore()
  })
  const toggle = (id: string): void => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    choose(next)
  }
  const areAll = rows.length > 0 && rows.every(({ id }) => chosen.has(id))
  return (
    <div className="list-place">
      <div className="delivery-row table-head">
        <input
          type="checkbox"
          aria-label={`Select the ${count(rows.length)} deliveries that are loaded`}
          checked={areAll}
          onChange={() => choose(new Set(areAll ? [] : rows.map(({ id }) => id)))}
        />
        <span>Event</span>
        <span>Workflow</span>
        <span>Request</span>
        <span>Result</span>
        <span className="number">Took</span>
        <span className="number">Attempts</span>
      </div>
      <div ref={scroller} className="list-scroller">
        <ol
          className="event-list"
          aria-label="Deliveries"
          style={{ height: virtualizer.getTotalSize() }}
        >
          {items.map(({ index, key, start }) => {
            const row = rows[index]!
            return (
              <Row
                key={key}
                row={row}
                top={start}
                workflow={names.get(row.workflowId) ?? 'Deleted'}
                isChosen={chosen.has(row.id)}
                toggle={toggle}
              />
            )
          })}
        </ol>
        <p className="list-end">{endText(rows, hasMore)}</p>
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
  readonly top: number
  readonly workflow: string
  readonly isChosen: boolean
  readonly toggle: (id: string) => void
}

const Row = memo(
  DrawnRow,
  (one, other) =>
    one.top === other.top &&
    one.isChosen === other.isChosen &&
    one.workflow === other.workflow &&
    one.toggle === other.toggle &&
    one.row === other.row,
)

function DrawnRow({ row, top, workflow, isChosen, toggle }: RowProps) {
  const { id, eventId, workflowId, step, index, method, url, attempts, last } = row
  const took = last?.totalMs ?? null
  return (
    <li
      className="delivery-row"
      data-chosen={isChosen}
      style={{ transform: `translateY(${top}px)` }}
    >
      <input
        type="checkbox"
        aria-label={`Select ${method} ${url}`}
        checked={isChosen}
        onChange={() => toggle(id)}
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
