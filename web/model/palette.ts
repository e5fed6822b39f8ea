/** Which entries of the palette meet what was typed: all its letters in order, the closest first. */

export type Entry = {
  readonly name: string
  readonly group: string
  /** Other words that people look for it by. */
  readonly also?: string
}

export function matching<One extends Entry>(
  entries: readonly One[],
  typed: string,
): readonly One[] {
  const wanted = typed.trim().toLowerCase()
  if (wanted === '') return entries
  return entries
    .map((entry) => ({ entry, distance: nearest(entry, wanted) }))
    .filter(({ distance }) => distance !== Number.POSITIVE_INFINITY)
    .sort((one, other) => one.distance - other.distance)
    .map(({ entry }) => entry)
}

/** Its other words, and what it belongs to, count by beginnings of words, before what is within one. */
function nearest({ name, group, also = '' }: Entry, wanted: string): number {
  const byName = distanceOf(name.toLowerCase(), wanted)
  const other = ` ${also} ${group} ${name}`.toLowerCase()
  const words = wanted.split(/\s+/)
  const byOther = words.every((word) => other.includes(` ${word}`)) ? 1.5 : Number.POSITIVE_INFINITY
  return Math.min(byName, byOther)
}

/** 0 at the start of the name, 1 at the start of a word, then further off the more it is scattered. */
function distanceOf(name: string, wanted: string): number {
  const at = name.indexOf(wanted)
  if (at === 0) return 0
  if (at > 0) return /\w/.test(name[at - 1]!) ? 2 : 1
  let position = 0
  let skipped = 0
  for (const letter of wanted) {
    const found = name.indexOf(letter, position)
    if (found === -1) return Number.POSITIVE_INFINITY
    skipped += found - position
    position = found + 1
  }
  return 3 + skipped
}
