/** How far back the plots reach: a few spans by name, as they stand in the address. */

export type Span = {
  readonly name: string
  readonly words: string
  readonly ms: number
  readonly refetchMs: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const spans: readonly Span[] = [
  { name: '1h', words: 'the last hour', ms: HOUR, refetchMs: 10_000 },
  { name: '24h', words: 'the last 24 hours', ms: DAY, refetchMs: 20_000 },
  { name: '7d', words: 'the last 7 days', ms: 7 * DAY, refetchMs: 60_000 },
  { name: '30d', words: 'the last 30 days', ms: 30 * DAY, refetchMs: 60_000 },
]

export const spanOf = (name: string | undefined): Span =>
  spans.find((span) => span.name === name) ?? spans[1]!
