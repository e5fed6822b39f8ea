/** Instants on the wire: ISO 8601 in UTC, with milliseconds. */
import { AppError } from '../errors.ts'

export const instant = (atMs: number): string => new Date(atMs).toISOString()

/** Reads what a schema let pass as a date-time: a leap second, for one, is no instant here. */
export function readInstant(text: string, name: string): number {
  const atMs = Date.parse(text)
  if (!Number.isNaN(atMs)) return atMs
  throw new AppError('invalid_request', { reason: `${name} is not an instant such as ${EXAMPLE}` })
}

const EXAMPLE = '2026-11-23T08:00:00.000Z'
