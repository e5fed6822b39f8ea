/**
 * Instants as the lists show them: grouped by the reader's own days, exact to the second in a row, and
 * relative where a person asks "how long ago". Pure: the present is always handed in.
 */

const DAY_MS = 24 * 60 * 60 * 1000

const pad = (value: number): string => String(value).padStart(2, '0')

/** `2026-11-23` in the reader's time zone: what rows are grouped by. */
export function dayKey(instant: number): string {
  const at = new Date(instant)
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`
}

/** `Today`, `Yesterday`, or the day with its weekday; the year only where it is not this one. */
export function dayLabel(instant: number, now: number, locale?: string): string {
  const key = dayKey(instant)
  if (key === dayKey(now)) return 'Today'
  const noon = new Date(now).setHours(12, 0, 0, 0)
  if (key === dayKey(noon - DAY_MS)) return 'Yesterday'
  const sameYear = new Date(instant).getFullYear() === new Date(now).getFullYear()
  return new Date(instant).toLocaleDateString(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(sameYear ? {} : { year: 'numeric' }),
  })
}

/** `10:42:07` */
export function clockTime(instant: number): string {
  const at = new Date(instant)
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`
}

/** `2026-11-23 10:42:07.123`, for a hover and for screens without room for relative times. */
export function exactTime(instant: number): string {
  const milliseconds = String(new Date(instant).getMilliseconds()).padStart(3, '0')
  return `${dayKey(instant)} ${clockTime(instant)}.${milliseconds}`
}

const steps: readonly (readonly [unit: string, ms: number])[] = [
  ['d', DAY_MS],
  ['h', 60 * 60 * 1000],
  ['min', 60 * 1000],
]

/** `just now`, `2 min ago`, `3 h ago`, `5 d ago`; instants ahead read `in 4 min`. */
export function relativeTime(instant: number, now: number): string {
  const distance = Math.abs(now - instant)
  for (const [unit, ms] of steps) {
    if (distance < ms) continue
    const text = `${Math.floor(distance / ms)} ${unit}`
    return instant <= now ? `${text} ago` : `in ${text}`
  }
  return 'just now'
}
