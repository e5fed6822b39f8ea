/**
 * Names what went wrong with an attempt: every way a request can fail becomes one code of SPEC section
 * 5 and one sentence that a user understands. The platform's own words are kept as `detail`.
 *
 * Deliberately exhaustive by default: an error nobody foresaw is shown as `protocol` with its text,
 * never swallowed.
 */
import { EgressError } from '../egress/egress.ts'
import type { FailureCode } from '../model/delivery.ts'
import { limits } from '../model/limits.ts'

export type Fault = {
  readonly code: FailureCode
  readonly message: string
  readonly detail: string | null
  /** Caused here, for want of a socket or the like: never counts against the destination. */
  readonly ours: boolean
}

/** A fault that delivery itself finds. */
export class DeliveryFault extends Error {
  readonly code: FailureCode
  /** As in `Fault`. */
  readonly ours: boolean

  constructor(code: FailureCode, message: string, options: { readonly ours?: boolean } = {}) {
    super(message)
    this.name = 'DeliveryFault'
    this.code = code
    this.ours = options.ours ?? false
  }
}

/** How far the exchange had come when it failed. */
export type Progress = 'connecting' | 'waiting' | 'reading' | 'reading_chunks'

export function faultOf(error: unknown, progress: Progress): Fault {
  if (error instanceof DeliveryFault) {
    return { ...theirs(error.code, error.message), ours: error.ours }
  }
  if (error instanceof EgressError) {
    const { code, message, detail, ours } = error
    return { code, message, detail, ours }
  }
  const { code = '', message } = error as Partial<NodeJS.ErrnoException> & Error
  return { ...translate(code, message, progress), detail: code ? `${code}: ${message}` : message }
}

function translate(code: string, message: string, progress: Progress): Fault {
  switch (code) {
    case 'UND_ERR_HEADERS_OVERFLOW':
      return theirs(
        'too_large_headers',
        `Cannot read the response: its headers are over ${limits.responseHeaderBytes} bytes`,
      )
    case 'UND_ERR_SOCKET':
      return message.startsWith('bad ') ? unasked(message) : closed(progress)
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return progress === 'waiting' ? malformed('its length is not clear') : closed(progress)
    case 'HPE_INVALID_EOF_STATE':
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return closed(progress)
    case 'ERR_ASSERTION':
      return malformed('its status is not one HTTP knows')
    case 'UND_ERR_INVALID_ARG':
      return theirs('protocol', `Cannot send the request: ${message}`)
    default:
      if (code.startsWith('HPE_')) return malformed(reasonOf(message))
      if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
        return theirs('tls', 'Cannot deliver: the destination broke off the encrypted connection')
      }
      return theirs('protocol', `Cannot complete the request: ${message}`)
  }
}

function closed(progress: Progress): Fault {
  if (progress === 'reading_chunks') {
    return malformed('the connection closed in the middle of a chunk')
  }
  return progress === 'reading'
    ? theirs('reset', 'Cannot read the response: the connection closed before its end')
    : theirs('reset', 'Cannot deliver: the destination closed the connection without answering')
}

function unasked(message: string): Fault {
  return malformed(
    message === 'bad upgrade'
      ? 'it switches to another protocol, which was not asked for'
      : 'it comes where none was due',
  )
}

const malformed = (why: string): Fault =>
  theirs('protocol', `Cannot read the response: it is not valid HTTP, ${why}`)

const theirs = (code: FailureCode, message: string): Fault => ({
  code,
  message,
  detail: null,
  ours: false,
})

/** The parser's reason, out of "Response does not match the HTTP/1.1 protocol (reason)". */
function reasonOf(message: string): string {
  const reason = /\((.+)\)$/.exec(message)?.[1] ?? 'it cannot be parsed'
  return reason.charAt(0).toLowerCase() + reason.slice(1)
}
