/**
 * What a guest may say: every message is checked by hand before anything is made of it, and one that is
 * not in order is a ProtocolError, which costs the process its life. User code can write to the line as
 * well as the guest can, so nothing here is taken on trust; what a run may say in all is counted by its
 * RunRecord.
 */
import type { LogEntry } from '../model/run.ts'
import { ProtocolError, readMessage } from './protocol.ts'
import type { StepEnd, UpMessage } from './protocol.ts'

type Head = Readonly<Record<string, unknown>>

const LEVELS: ReadonlySet<LogEntry['level']> = new Set(['log', 'info', 'warn', 'error', 'debug'])
const STATUSES: ReadonlySet<StepEnd> = new Set(['succeeded', 'ended', 'failed'])
const NONCE_LENGTH = 22
const REASON_LENGTH = 1_024
/** Above what the guest cuts texts to; the guest's own bounds are the ones users meet. */
const TEXT_LENGTH = 512 * 1024

/** Reads a message of the guest. Throws a ProtocolError. */
export function readUpMessage(payload: Uint8Array): { message: UpMessage; tail: Uint8Array } {
  const { head, tail } = readMessage(payload)
  if (typeof head !== 'object' || head === null) throw new ProtocolError('a head that is no object')
  return { message: checked(head as Head), tail }
}

function checked(head: Head): UpMessage {
  switch (head['type']) {
    case 'hello':
      return { type: 'hello' }
    case 'begun':
      return { type: 'begun', run: nonce(head) }
    case 'log':
    case 'late':
      return {
        type: head['type'],
        ...place(head),
        at: milliseconds(head, 'at'),
        level: oneOf(head, 'level', LEVELS),
        text: text(head, 'text', TEXT_LENGTH),
      }
    case 'send':
      return {
        type: 'send',
        ...place(head),
        index: count(head, 'index'),
        fields: head['fields'],
        hasBody: head['hasBody'] === true,
      }
    case 'respond':
      return {
        type: 'respond',
        ...place(head),
        status: count(head, 'status'),
        headers: head['headers'],
        immediate: head['immediate'] === true,
        hasBody: head['hasBody'] === true,
      }
    case 'skipped':
      return {
        type: 'skipped',
        ...place(head),
        index: count(head, 'index'),
        reason: text(head, 'reason', REASON_LENGTH),
      }
    case 'end':
      return {
        type: 'end',
        ...place(head),
        durationMs: milliseconds(head, 'durationMs'),
        status: oneOf(head, 'status', STATUSES),
        message: head['message'] === null ? null : text(head, 'message', TEXT_LENGTH),
        error: stepError(head['error']),
        exportsBytes: count(head, 'exportsBytes'),
      }
    case 'done':
      return { type: 'done', run: nonce(head), durationMs: milliseconds(head, 'durationMs') }
    case 'idle':
      return { type: 'idle', left: names(head['left']) }
    case 'pong':
      return { type: 'pong', id: count(head, 'id') }
    default:
      throw new ProtocolError('a message of unknown type')
  }
}

/** A run's nonce: whether it is one of this process's is for the process to say. */
export function nonce(head: Head): string {
  return text(head, 'run', NONCE_LENGTH)
}

const place = (head: Head): { run: string; step: number } => ({
  run: nonce(head),
  step: count(head, 'step'),
})

export function text(head: Head, name: string, maxLength: number): string {
  const value = head[name]
  if (typeof value !== 'string' || value.length > maxLength) throw invalid(name)
  return value
}

export function count(head: Head, name: string): number {
  const value = head[name]
  if (typeof value !== 'number' || !Number.isInteger(value)) throw invalid(name)
  if (value < 0 || value > 0x7fff_ffff) throw invalid(name)
  return value
}

function milliseconds(head: Head, name: string): number {
  const value = head[name]
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw invalid(name)
  return value
}

function oneOf<Value>(head: Head, name: string, values: ReadonlySet<Value>): Value {
  const value = head[name] as Value
  if (!values.has(value)) throw invalid(name)
  return value
}

function stepError(value: unknown): Extract<UpMessage, { type: 'end' }>['error'] {
  if (value === null) return null
  if (typeof value !== 'object') throw invalid('error')
  const head = value as Head
  return {
    name: text(head, 'name', TEXT_LENGTH),
    message: text(head, 'message', TEXT_LENGTH),
    stack: text(head, 'stack', TEXT_LENGTH),
    line: head['line'] === null ? null : count(head, 'line'),
    column: head['column'] === null ? null : count(head, 'column'),
  }
}

function names(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > 10) throw invalid('left')
  return value.map((name: unknown) => text({ name }, 'name', 100))
}

const invalid = (name: string): ProtocolError =>
  new ProtocolError(`a message whose ${name} is invalid`)
