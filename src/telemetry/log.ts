/**
 * The server's own log: one JSON object a line, for machines first. An event, a run and a delivery
 * each have one canonical line, at `info`. User code's output never comes here: it is shown in the
 * Inspector.
 *
 * Invariant: a line is one line of visible characters: what could move a terminal's cursor, turn its
 * text around or hide is escaped. Values under names that mean secrets are masked.
 */
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import { isSecretHeader, mask } from '../model/redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
/** What every line has of its own cannot be given again: it would be written over. */
export type LogFields = Readonly<Record<string, unknown>> & {
  readonly at?: never
  readonly level?: never
  readonly message?: never
}

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

type Deps = { readonly write: (line: string) => void; readonly clock: Pick<Clock, 'nowMs'> }

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
/** C1 controls, soft hyphen, zero-width and bidirectional marks, line separators, byte order mark. */
const INVISIBLE = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g
const SILENT = (): void => {}

/** `write` gets whole lines, newline included. Lines below `level` cost a function call. */
export function createLog({ write, clock }: Deps, level: LogLevel = 'info'): Log {
  const at = (own: LogLevel) => (message: string, fields?: LogFields) => {
    const head = { at: new Date(clock.nowMs()).toISOString(), level: own, message }
    write(`${toLine(head, fields)}\n`)
  }
  const [debug, info, warn, error] = LEVELS.map((own) =>
    LEVELS.indexOf(own) < LEVELS.indexOf(level) ? SILENT : at(own),
  ) as [Log['debug'], Log['info'], Log['warn'], Log['error']]
  return { debug, info, warn, error }
}

function toLine(head: object, fields: LogFields | undefined): string {
  let text: string
  try {
    text = JSON.stringify({ ...head, ...fields }, showValue)
  } catch (cause) {
    // A cycle, or a getter that throws: the line is kept, and says what it lacks.
    text = JSON.stringify({ ...head, unprintable: String(cause) })
  }
  return text.replaceAll(
    INVISIBLE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function showValue(name: string, value: unknown): unknown {
  if (typeof value === 'string') return isSecretHeader(name) ? mask(value) : value
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Error) return showError(value)
  return value
}

/** A mistake of the catalogue says all in its message; anything else is a bug and needs its stack. */
function showError(error: Error): object {
  const { name, message, cause } = error
  const code = 'code' in error ? { code: error.code } : {}
  const stack = error instanceof AppError ? {} : { stack: error.stack }
  return { name, message, ...code, ...stack, ...(cause === undefined ? {} : { cause }) }
}
