/** Instants on the wire: ISO 8601 in UTC, with milliseconds. */

export const instant = (atMs: number): string => new Date(atMs).toISOString()
