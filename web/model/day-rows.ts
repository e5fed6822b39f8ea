/** The list as it is drawn: rows, with a heading wherever another day begins. */
import { dayKey, dayLabel } from './time.ts'
import type { EventRowWire as Row } from '../../src/inspector/wire.ts'

export type Line =
  | { readonly kind: 'day'; readonly key: string; readonly label: string }
  | { readonly kind: 'row'; readonly key: string; readonly row: Row; readonly index: number }

export function dayRows(rows: readonly Row[], now: number, locale?: string): readonly Line[] {
  const lines: Line[] = []
  let day = ''
  for (const [index, row] of rows.entries()) {
    const at = Date.parse(row.receivedAt)
    const key = dayKey(at)
    if (key !== day) lines.push({ kind: 'day', key, label: dayLabel(at, now, locale) })
    day = key
    lines.push({ kind: 'row', key: row.id, row, index })
  }
  return lines
}
