/**
 * Two texts side by side: rows of which each has a line of the one, a line of the other, or both. What
 * was replaced stands on one row, with the part of it that differs told apart.
 */
import { lineDiff } from './definition-diff.ts'

export type Paired<One> = {
  /** Null where this side has no such thing. */
  readonly before: One | null
  readonly after: One | null
  readonly isSame: boolean
}

export type SplitRow = Paired<string>

/** A row to draw, or how many rows that are the same were left out. */
export type ShownRow =
  | { readonly kind: 'row'; readonly row: SplitRow }
  | { readonly kind: 'left out'; readonly count: number }

/** Texts of no character have no line. */
export function splitRows(before: string, after: string): readonly SplitRow[] {
  return inRows(lineDiff(before, after).map(({ sign, text }) => ({ sign, one: text })))
}

/** The same for things that are the same by their key; what was replaced is paired in order. */
export function paired<One>(
  before: readonly One[],
  after: readonly One[],
  keyOf: (one: One) => unknown,
): readonly Paired<One>[] {
  // JSON holds no line break, so each key is one line.
  const keys = (list: readonly One[]) => list.map((one) => JSON.stringify(keyOf(one))).join('\n')
  let [old, now] = [0, 0]
  const signed = lineDiff(keys(before), keys(after)).map(({ sign }) => {
    if (sign === '−') return { sign, one: before[old++]! }
    if (sign === ' ') old++
    return { sign, one: after[now++]!, was: before[old - 1]! }
  })
  return inRows(signed)
}

type Signed<One> = { readonly sign: ' ' | '+' | '−'; readonly one: One; readonly was?: One }
type Row<One> = { before: One | null; after: One | null; isSame: boolean }

/** Runs of what is gone and of what came in its place stand beside each other. */
function inRows<One>(lines: readonly Signed<One>[]): readonly Row<One>[] {
  const rows: Row<One>[] = []
  let free = 0 // The first row of this run that lacks its right side.
  for (const { sign, one, was = one } of lines) {
    if (sign === ' ') {
      rows.push({ before: was, after: one, isSame: true })
      free = rows.length
    } else if (sign === '−') rows.push({ before: one, after: null, isSame: false })
    else if (free < rows.length) rows[free++]!.after = one
    else {
      rows.push({ before: null, after: one, isSame: false })
      free = rows.length
    }
  }
  return rows
}

/** Rows that are the same are shown this far around one that differs. */
const AROUND = 2

/** Leaves out long stretches that are the same; a single row is never worth leaving out. */
export function foldedRows(rows: readonly SplitRow[]): readonly ShownRow[] {
  const shown: ShownRow[] = []
  let at = 0
  while (at < rows.length) {
    let end = at
    while (end < rows.length && rows[end]!.isSame) end++
    const from = at === 0 ? 0 : at + AROUND
    const to = end === rows.length ? end : end - AROUND
    const isFolded = to - from > 1
    for (; at < (isFolded ? from : end); at++) shown.push({ kind: 'row', row: rows[at]! })
    if (isFolded) {
      shown.push({ kind: 'left out', count: to - from })
      for (at = to; at < end; at++) shown.push({ kind: 'row', row: rows[at]! })
    }
    if (end < rows.length) shown.push({ kind: 'row', row: rows[end]! })
    at = end + 1
  }
  return shown
}

/** What two lines begin and end with alike, and what stands between. */
export function changedPart(text: string, other: string) {
  const longest = Math.min(text.length, other.length)
  let start = 0
  while (start < longest && text[start] === other[start]) start++
  let end = 0
  while (end < longest - start && text.at(-1 - end) === other.at(-1 - end)) end++
  const to = text.length - end
  return { start: text.slice(0, start), changed: text.slice(start, to), end: text.slice(to) }
}
