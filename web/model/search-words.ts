/**
 * The search box: words such as `status:failed`, `version:3`, `delivery:failed`, `after:2026-11-23` and
 * `before:2026-11-23T10:00` are filters, everything else is searched for as it stands. A filter that names no known value is
 * said so and left out, never searched for silently.
 */
import type { DeliveryWire, EventDetailWire } from '../../src/inspector/wire-event.ts'
import { deliveryStates } from './delivery-filter.ts'

export type RunStatus = NonNullable<EventDetailWire['run']>['status']
export type DeliveryStatus = DeliveryWire['status']

export type EventFilter = {
  readonly q?: string
  readonly status?: RunStatus
  readonly delivery?: DeliveryStatus
  readonly version?: number
  /** ISO 8601. */
  readonly before?: string
  readonly after?: string
}

export type Search = {
  readonly filter: EventFilter
  /** The words that became filters, to be shown and taken away one by one. */
  readonly chips: readonly string[]
  /** One sentence for each word that looks like a filter and is none. */
  readonly mistakes: readonly string[]
}

const runStatuses = ['queued', 'running', 'succeeded', 'ended', 'failed', 'timed_out'] as const

type Mutable = { -readonly [Name in keyof EventFilter]: EventFilter[Name] }
type Read = (value: string) => EventFilter | string

const oneOf = (
  what: string,
  all: readonly string[],
  found: EventFilter | null,
): EventFilter | string => found ?? `${what} is one of ${all.join(', ')}`

const readers: Readonly<Record<string, Read>> = {
  status: (value) => {
    const status = runStatuses.find((known) => known === value)
    return oneOf('status', runStatuses, status ? { status } : null)
  },
  delivery: (value) => {
    const delivery = deliveryStates.find((known) => known === value)
    return oneOf('delivery', deliveryStates, delivery ? { delivery } : null)
  },
  version: (value) =>
    /^[1-9]\d{0,8}$/.test(value) ? { version: Number(value) } : 'version is a whole number from 1',
  before: (value) => instantOf('before', value),
  after: (value) => instantOf('after', value),
}

function instantOf(name: 'before' | 'after', value: string): EventFilter | string {
  const at = /^\d{4}-\d\d-\d\d/.test(value) ? new Date(localInstant(value)) : new Date(Number.NaN)
  if (Number.isNaN(at.getTime())) return `${name} is a date such as 2026-11-23 or 2026-11-23T10:00`
  return { [name]: at.toISOString() }
}

/** A date alone is midnight UTC to the platform; people mean their own. */
const localInstant = (value: string): string => (value.length === 10 ? `${value}T00:00` : value)

export function readSearch(text: string): Search {
  const words: string[] = []
  const chips: string[] = []
  const mistakes: string[] = []
  const filter: Mutable = {}
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const [name, value] = word.split(/:(.*)/s) as [string, string | undefined]
    const read = Object.hasOwn(readers, name.toLowerCase())
      ? readers[name.toLowerCase()]
      : undefined
    if (!read || value === undefined) {
      words.push(word)
      continue
    }
    const found = value === '' ? null : read(value)
    if (found === null) continue // Still being typed.
    if (typeof found === 'string') mistakes.push(found)
    else if (Object.keys(found).some((key) => Object.hasOwn(filter, key))) {
      mistakes.push(`${name} is there already: ${word} is left out`)
    } else {
      Object.assign(filter, found)
      chips.push(word)
    }
  }
  const q = words.join(' ')
  return { filter: q === '' ? filter : { ...filter, q }, chips, mistakes }
}

/** Filters to begin with, of the kinds that the text has not; each as it would be typed. */
export function filterHints(text: string, version: number, today: string): readonly string[] {
  const has = (name: string): boolean => new RegExp(`(^|\\s)${name}:`, 'i').test(text)
  const examples = ['status:failed', 'delivery:failed', `version:${version}`, `after:${today}`]
  return examples.filter((word) => !has(word.split(':', 1)[0]!))
}

/** The text without one of its words. */
export function withoutWord(text: string, word: string): string {
  return text
    .split(/\s+/)
    .filter((part) => part !== '' && part !== word)
    .join(' ')
}
