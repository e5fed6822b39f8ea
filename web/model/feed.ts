/**
 * A live list of events, or of what they sent: what is shown, and what arrived since and is held back. Held rows are let in
 * all at once (`release`), so a reader who pauses, scrolls or has an event selected keeps their place.
 *
 * Rows come in blocks, each a run of the server's list without holes, newest first. **Invariant:** a
 * block is the truth of its span: a shown row inside the span that the block lacks is gone, as it no
 * longer meets the filter.
 */

export type Row = { readonly id: string; readonly receivedAt: string }

/** What the server's list is like. */
export type Ordering<One extends Row> = {
  /** Below 0 where `one` stands above `other`. */
  readonly order: (one: One, other: One) => number
  /** Where the rows behind this one are read from; it may itself be among them. */
  readonly behind: (row: One) => Older
}

/** Where the rows before the last shown one are to be read from. */
export type Older = { readonly cursor: string } | { readonly before: string } | null

export type Feed<One extends Row> = {
  /** Newest first. */
  readonly rows: readonly One[]
  readonly held: readonly One[]
  /** How many were held back since the last release; more than `held` where only the newest are kept. */
  readonly heldCount: number
  /** Some rows between `held` and `rows` are not here. */
  readonly gap: boolean
  readonly older: Older
}

export type Block<One extends Row> = { readonly rows: readonly One[]; readonly older: Older }

/** Rows kept; older ones are read again when somebody scrolls to them. */
export const FEED_ROWS = 2_000

export function startFeed<One extends Row>({ rows, older }: Block<One>): Feed<One> {
  return { rows, held: [], heldCount: 0, gap: false, older }
}

/** Takes in the newest block: known rows are updated where they stand, the others are held back. */
export function takeNewest<One extends Row>(
  ordering: Ordering<One>,
  feed: Feed<One>,
  block: Block<One>,
): Feed<One> {
  const oldest = block.rows.at(-1)
  if (!oldest) return block.older === null ? startFeed(block) : feed
  const rows = refresh(ordering, feed.rows, block)
  const held = refresh(ordering, feed.held, block)
  const known = new Set([...rows, ...held].map(({ id }) => id))
  const fresh = block.rows.filter(({ id }) => !known.has(id))
  const touches = block.older === null || fresh.length < block.rows.length || known.size === 0
  const all = merge(ordering, touches ? held : [], fresh)
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
export function takeAgain<One extends Row>(
  ordering: Ordering<One>,
  feed: Feed<One>,
  block: Block<One>,
): Feed<One> {
  const [rows, held] = [refresh(ordering, feed.rows, block), refresh(ordering, feed.held, block)]
  return { ...feed, rows, held }
}

/** Shows what was held back. Across a gap only the new rows stay; the old ones are read again below. */
export function release<One extends Row>(ordering: Ordering<One>, feed: Feed<One>): Feed<One> {
  if (feed.held.length === 0) return feed
  const all = feed.gap ? feed.held : merge(ordering, feed.rows, feed.held)
  const older = feed.gap ? ordering.behind(all.at(-1)!) : feed.older
  return trim(ordering, { rows: all, held: [], heldCount: 0, gap: false, older })
}

/** Adds the next page at the end. */
export function appendOlder<One extends Row>(
  feed: Feed<One>,
  { rows, older }: Block<One>,
): Feed<One> {
  const known = new Set(feed.rows.map(({ id }) => id))
  return { ...feed, rows: [...feed.rows, ...rows.filter(({ id }) => !known.has(id))], older }
}

function trim<One extends Row>(ordering: Ordering<One>, feed: Feed<One>): Feed<One> {
  if (feed.rows.length <= FEED_ROWS) return feed
  const rows = feed.rows.slice(0, FEED_ROWS)
  return { ...feed, rows, older: ordering.behind(rows.at(-1)!) }
}

/** As they were read last; a row that came back as it was stays the same object. */
function refresh<One extends Row>(
  { order }: Ordering<One>,
  rows: readonly One[],
  block: Block<One>,
): readonly One[] {
  const newest = block.rows[0]
  const oldest = block.rows.at(-1)
  if (!newest || !oldest || rows.length === 0) return rows
  const found = new Map(block.rows.map((row) => [row.id, row]))
  const inSpan = (row: One): boolean => order(row, oldest) <= 0 && order(row, newest) >= 0
  let isChanged = false
  const next = rows.flatMap((row) => {
    const again = found.get(row.id)
    if (again === undefined) {
      if (!inSpan(row)) return [row]
      isChanged = true
      return []
    }
    if (isSame(row, again)) return [row]
    isChanged = true
    return [again]
  })
  return isChanged ? next : rows
}

/** Rows are flat but for a few small objects, as JSON made them. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false
  const [entries, others] = [Object.entries(one), other as Record<string, unknown>]
  return entries.every(([name, value]) => isSame(value, others[name]))
}

function merge<One extends Row>(
  { order }: Ordering<One>,
  one: readonly One[],
  other: readonly One[],
): readonly One[] {
  if (one.length === 0) return other
  if (other.length === 0) return one
  return [...other, ...one].sort(order)
}

/** Newest first; ids sort by time too and decide within a millisecond. */
export function byTime(one: Row, other: Row): number {
  if (one.receivedAt !== other.receivedAt) return one.receivedAt < other.receivedAt ? 1 : -1
  return byId(one, other)
}

export function byId(one: Row, other: Row): number {
  return one.id === other.id ? 0 : one.id < other.id ? 1 : -1
}
