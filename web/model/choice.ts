/**
 * Which rows of a list are chosen for work in bulk: some, each by itself or as a range, or all that a
 * filter meets, the rows that are not loaded included. Pure; what is done with them is the pages'.
 */
import { count, plural } from './quantity.ts'

export type Choice = {
  readonly ids: ReadonlySet<string>
  /** Where a range begins: the row that was chosen last. */
  readonly anchor: string | null
  /** All that the filter meets, in place of `ids`. */
  readonly matching: Matching | null
}

/** `before`: the instant of the count, so that what comes in later is not among them. */
export type Matching = {
  readonly count: number
  readonly isExact: boolean
  readonly before: string
}

/** Ids that one bulk job takes. */
export const CHOICE_MOST = 1_000

export const NOTHING_CHOSEN: Choice = { ids: new Set(), anchor: null, matching: null }

export const isChosen = ({ ids, matching }: Choice, id: string): boolean =>
  matching !== null || ids.has(id)

/** Chooses one more, or one less. From "all that match" it starts anew. */
export function toggled({ ids, matching }: Choice, id: string): Choice {
  const next = new Set(matching ? [] : ids)
  if (!next.delete(id) && next.size < CHOICE_MOST) next.add(id)
  return { ids: next, anchor: id, matching: null }
}

/** Chooses all from the anchor to `id`, both included, in the order of the list. */
export function extended(choice: Choice, id: string, order: readonly string[]): Choice {
  const [from, to] = [choice.anchor === null ? -1 : order.indexOf(choice.anchor), order.indexOf(id)]
  if (from === -1 || to === -1) return toggled(choice, id)
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1)
  const next = new Set(choice.matching ? [] : choice.ids)
  for (const one of range) if (next.size < CHOICE_MOST) next.add(one)
  return { ids: next, anchor: choice.anchor, matching: null }
}

/** The rows that are loaded, as many as a job takes; none where they were all chosen. */
export function allOf(choice: Choice, order: readonly string[]): Choice {
  const first = order.slice(0, CHOICE_MOST)
  const areAll = first.length > 0 && first.every((id) => isChosen(choice, id))
  return { ids: new Set(areAll ? [] : first), anchor: null, matching: null }
}

/** Without what is not in the list any more: it no longer meets the filter, so nobody sees it chosen. */
export function among(choice: Choice, order: readonly string[]): Choice {
  if (choice.ids.size === 0) return choice
  const present = new Set(order)
  const left = [...choice.ids].filter((id) => present.has(id))
  return left.length === choice.ids.size ? choice : { ...choice, ids: new Set(left) }
}

/** `3 events selected` */
export function chosenText(
  { ids, matching }: Choice,
  noun: readonly [one: string, many: string] = ['event', 'events'],
): string {
  if (!matching) {
    const isFull = ids.size >= CHOICE_MOST
    return `${plural(ids.size, ...noun)} selected${isFull ? ', as many as one job takes' : ''}`
  }
  return `${matching.isExact ? 'All' : 'At least'} ${plural(matching.count, 'event')} selected`
}

/** `all 1,204 that match`; of what was not counted to the end, at least how many. */
export function matchingText({ count: found, isExact }: Matching, isFiltered: boolean): string {
  if (isExact) return `all ${count(found)}${isFiltered ? ' that match' : ''}`
  return `all${isFiltered ? ' that match' : ''}, at least ${count(found)}`
}
