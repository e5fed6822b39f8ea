/**
 * The live list of events: what is shown, and what arrived since and is held back. Held rows are let in
 * all at once (`release`), so a reader who pauses, scrolls or has an event selected keeps their place.
 *
 * Rows come in blocks, each a run of the server's list without holes, newest first. **Invariant:** a
 * block is the truth of its span: a shown row inside the span that the block lacks is gone, as it no
 * longer meets the filter.
 */
import type { EventRowWire } from '../../src/inspector/wire.ts'

export type Row = EventRowWire

/** Where the rows before the last shown one are to be read from. */
export type Older = { readonly cursor: string } | { readonly before: string } | null

export type Feed = {
  /** Newest first. */
  readonly rows: readonly Row[]
  readonly held: readonly Row[]
  /** How many were held back since the last release; more than `held` where only the newest are kept. */
  readonly heldCount: number
  /** Some rows between `held` and `rows` are not here. */
  readonly gap: boolean
  readonly older: Older
}

export type Block = { readonly rows: readonly Row[]; readonly older: Older }

/** Rows kept; older ones are read again when somebody scrolls to them. */
export const FEED_ROWS = 2_000

export function startFeed({ rows, older }: Block): Feed {
  return { rows, held: [], heldCount: 0, gap: false, older }
}

/** Takes in the newest block: known rows are updated where they stand, the others are held back. */
export function takeNewest(feed: Feed, block: Block): Feed {
  const oldest = block.rows.at(-1)
  if (!oldest) return block.older === null ? startFeed(block) : feed
  const rows = refresh(feed.rows, block)
  const held = refresh(feed.held, block)
  const known = new Set([...rows, ...held].map(({ id }) => id))
  const fresh = block.rows.filter(({ id }) => !known.has(id))
  const touches = block.older === null || fresh.length < block.rows.length || known.size === 0
  const all = merge(touches ? held : [], fresh)
  const kept = all.slice(0, FEED_ROWS)
  return {
    ...feed,
    rows,
    held: kept,
    heldCount: kept.length === 0 ? 0 : feed.heldCount + fresh.length,
    gap: feed.gap || !touches || kept.length < all.length,
  }
}

/** Takes in a block from the middle: updates what is known, lets in nothing new. */
export function takeAgain(feed: Feed, block: Block): Feed {
  return { ...feed, rows: refresh(feed.rows, block), held: refresh(feed.held, block) }
}

/** Shows what was held back. Across a gap only the new rows stay; the old ones are read again below. */
export function release(feed: Feed): Feed {
  if (feed.held.length === 0) return feed
  const all = feed.gap ? feed.held : merge(feed.rows, feed.held)
  return trim({
    rows: all,
    held: [],
    heldCount: 0,
    gap: false,
    older: feed.gap ? below(all) : feed.older,
  })
}

/** Adds the next page at the end. */
export function appendOlder(feed: Feed, { rows, older }: Block): Feed {
  const known = new Set(feed.rows.map(({ id }) => id))
  return { ...feed, rows: [...feed.rows, ...rows.filter(({ id }) => !known.has(id))], older }
}

function trim(feed: Feed): Feed {
  if (feed.rows.length <= FEED_ROWS) return feed
  const rows = feed.rows.slice(0, FEED_ROWS)
  return { ...feed, rows, older: below(rows) }
}

/** From the last row on, its own millisecond included: several events may share it. */
function below(rows: readonly Row[]): Older {
  const last = rows.at(-1)
  return last ? { before: new Date(Date.parse(last.receivedAt) + 1).toISOString() } : null
}

function refresh(rows: readonly Row[], block: Block): readonly Row[] {
  const newest = block.rows[0]
  const oldest = block.rows.at(-1)
  if (!newest || !oldest) return rows
  const found = new Map(block.rows.map((row) => [row.id, row]))
  const inSpan = (row: Row): boolean => order(row, oldest) <= 0 && order(row, newest) >= 0
  return rows.flatMap((row) => found.get(row.id) ?? (inSpan(row) ? [] : [row]))
}

function merge(one: readonly Row[], other: readonly Row[]): readonly Row[] {
  if (one.length === 0) return other
  if (other.length === 0) return one
  return [...other, ...one].sort(order)
}

/** Newest first; ids sort by time too and decide within a millisecond. */
function order(one: Row, other: Row): number {
  if (one.receivedAt !== other.receivedAt) return one.receivedAt < other.receivedAt ? 1 : -1
  return one.id === other.id ? 0 : one.id < other.id ? 1 : -1
}
