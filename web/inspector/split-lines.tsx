/**
 * Two texts side by side, row by row; on narrow panes below each other, what is the same just once.
 * Signs and words go with the colors. Long stretches that are the same are opened by a click.
 */
import { useState } from 'react'
import { count } from '../model/quantity.ts'
import { changedPart, foldedRows } from '../model/split-rows.ts'
import type { ShownRow, SplitRow } from '../model/split-rows.ts'

type Props = { readonly rows: readonly SplitRow[]; readonly label: string }

const SHOWN = 200
/** Characters of a line that are drawn at first, and at most. */
const LINE = 2_000
const MOST = 200_000

export function SplitLines({ rows, label }: Props) {
  const [isWhole, setWhole] = useState(false)
  const [most, setMost] = useState(SHOWN)
  const all = isWhole ? rows.map((row): ShownRow => ({ kind: 'row', row })) : foldedRows(rows)
  const left = all.length - most
  return (
    <div className="split-lines">
      <div role="table" aria-label={label}>
        <div role="row" className="visually-hidden">
          <span role="columnheader">Recorded</span>
          <span role="columnheader">Dry run</span>
        </div>
        {all.slice(0, most).map((one, at) =>
          one.kind === 'row' ? (
            <Row key={at} row={one.row} />
          ) : (
            <div key={at} role="row">
              <span role="cell" className="split-left-out">
                <button type="button" className="link" onClick={() => setWhole(true)}>
                  {count(one.count)} lines are the same
                </button>
              </span>
            </div>
          ),
        )}
      </div>
      {left > 0 && (
        <button type="button" className="link" onClick={() => setMost(most + 10 * SHOWN)}>
          Show {count(Math.min(10 * SHOWN, left))} more lines
        </button>
      )}
    </div>
  )
}

function Row({ row }: { readonly row: SplitRow }) {
  const { before, after, isSame } = row
  return (
    <div role="row" className="split" data-same={isSame}>
      <Cell text={before} other={isSame ? null : after} sign={isSame ? '' : '−'} />
      <Cell text={after} other={isSame ? null : before} sign={isSame ? '' : '+'} />
    </div>
  )
}

type CellProps = {
  readonly text: string | null
  /** The line beside it, if it differs from that. */
  readonly other: string | null
  readonly sign: '' | '−' | '+'
}

const spoken = { '': '', '−': 'recorded only: ', '+': 'dry run only: ' } as const

function Cell({ text, other, sign }: CellProps) {
  const [room, setRoom] = useState(LINE)
  if (text === null) return <span role="cell" className="split-cell" data-empty="true" />
  const { start, changed, end } = other === null ? unchanged(text) : changedPart(text, other)
  const isCut = text.length > room
  const cut = isCut ? nearChange(start, changed, end, room) : { start, changed, end }
  return (
    <span role="cell" className="split-cell" data-sign={sign}>
      <span className="split-sign" aria-hidden="true">
        {sign}
      </span>
      <span className="split-text">
        <span className="visually-hidden">{spoken[sign]}</span>
        {cut.start}
        {cut.changed !== '' && <mark>{cut.changed}</mark>}
        {cut.end}
        {isCut && room < MOST && (
          <button type="button" className="link" onClick={() => setRoom(10 * room)}>
            Show more of the {count(text.length)} characters
          </button>
        )}
        {isCut && room >= MOST && (
          <span className="faint"> {count(text.length)} characters in all</span>
        )}
      </span>
    </span>
  )
}

const unchanged = (text: string) => ({ start: text, changed: '', end: '' })

/** Of a line that is too long to be laid out: what differs, and a little around it. */
function nearChange(start: string, changed: string, end: string, room: number) {
  const near = room / 20
  if (changed === '') return { start: `${start.slice(0, room)}…`, changed, end: '' }
  return {
    start: start.length > near ? `…${start.slice(-near)}` : start,
    changed: changed.length > room ? `${changed.slice(0, room)}…` : changed,
    end: end.length > near ? `${end.slice(0, near)}…` : end,
  }
}
