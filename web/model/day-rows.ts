/** The list as it is drawn: rows, with a heading wherever another day begins. */
import type { EventRowWire as Row } from '../../src/inspector/wire-event.ts'
import { dayLabel } from './time.ts'

export type Line =
  | { readonly kind: 'day'; readonly key: string; readonly label: string }
  | { readonly kind: 'row'; readonly key: string; readonly row: Row }

/** Instants in ISO 8601 are compared as text: a list may have many, and few days. */
export function dayRows(rows: readonly Row[], now: number, locale?: string): readonly Line[] {
  const lines: Line[] = []
  let [begins, ends] = ['', '']
  for (const row of rows) {
    if (row.receivedAt >= ends || row.receivedAt < begins) {
      const at = Date.parse(row.receivedAt)
      ;[begins, ends] = [midnight(at, 0), midnight(at, 1)]
      lines.push({ kind: 'day', key: begins, label: dayLabel(at, now, locale) })
    }
    lines.push({ kind: 'row', key: row.id, row })
  }
  return lines
}

/** The reader's own midnight before an instant, or so many days after that. */
function midnight(at: number, days: number): string {
  const day = new Date(at)
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days).toISOString()
}
