/**
 * Errors of SQLite and their way across threads. What the disk or another process causes becomes
 * `store_unavailable`; whatever else SQLite says (a broken constraint, say) is a bug and stays one.
 */
import { AppError } from '../../errors.ts'
import type { WireError } from './wire.ts'

const BUSY = 5
const LOCKED = 6
const OUT_OF_MEMORY = 7
const READ_ONLY = 8
const INPUT_OUTPUT = 10
const CORRUPT = 11
const FULL = 13
const CANNOT_OPEN = 14
const NOT_A_DATABASE = 26

const UNAVAILABLE = new Set([
  BUSY,
  LOCKED,
  OUT_OF_MEMORY,
  READ_ONLY,
  INPUT_OUTPUT,
  CORRUPT,
  FULL,
  CANNOT_OPEN,
])

/** SQLite's primary result code, undefined for any other error. */
function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

export const isBusy = (error: unknown): boolean => resultCode(error) === BUSY

export const isCorrupt = (error: unknown): boolean =>
  [CORRUPT, NOT_A_DATABASE].includes(resultCode(error) ?? -1)

/** The error as its caller should see it. */
export function storeError(error: unknown): unknown {
  const code = resultCode(error)
  if (code === undefined || !UNAVAILABLE.has(code)) return error
  return new AppError('store_unavailable', { reason: (error as Error).message }, { cause: error })
}

export function toWire(thrown: unknown): WireError {
  const error = storeError(thrown)
  if (error instanceof AppError) return { kind: 'app', code: error.code, values: error.values }
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return { kind: 'bug', message, stack: stack ?? message }
}

export function fromWire(error: WireError): Error {
  if (error.kind === 'app') return new AppError(error.code, error.values)
  return Object.assign(new Error(error.message), { stack: error.stack })
}
