/**
 * Names what went wrong with an attempt: every way a request can fail becomes one code of SPEC section
 * 5, one sentence that a user understands, and a `detail` that tells apart what shares a code.
 *
 * Deliberately exhaustive by default: an error nobody foresaw is shown as `protocol`, with its own text
 * as the detail, never swallowed.
 */
import { EgressError } from '../egress/egress.ts'
import type { FailureCode } from '../model/delivery.ts'
import { limits } from '../model/limits.ts'

export type Fault = {
  readonly code: FailureCode
  readonly message: string
  readonly detail: string
  /** Caused here, for want of a socket or the like: never counts against the destination. */
  readonly ours: boolean
}

/** A fault that delivery itself finds. */
export class DeliveryFault extends Error {
  readonly code: FailureCode
  readonly detail: string
  /** As in `Fault`. */
  readonly ours: boolean

  constructor(
    code: FailureCode,
    detail: string,
    message: string,
    options: { readonly ours?: boolean } = {},
  ) {
    super(message)
    this.name = 'DeliveryFault'
    this.code = code
    this.detail = detail
    this.ours = options.ours ?? false
  }
}

export const tooLargeHeaders = (): DeliveryFault =>
  new DeliveryFault(
    'too_large_headers',
    'headers_too_large',
    `Cannot read the response: its headers are over ${limits.responseHeaderBytes} bytes`,
  )

/** How far the exchange had come when it failed. */
export type Progress = 'connecting' | 'waiting' | 'reading' | 'reading_chunks'

export function faultOf(error: unknown, progress: Progress): Fault {
  if (error instanceof DeliveryFault || error instanceof EgressError) {
    const { code, message, detail, ours } = error
    return { code, message, detail, ours }
  }
  const { name, code = '', message } = error as Partial<NodeJS.ErrnoException> & Error
  return name === 'HTTPParserError'
    ? unparsed(message, progress)
    : translate(code, message, progress)
}

function translate(code: string, message: string, progress: Progress): Fault {
  switch (code) {
    case 'UND_ERR_HEADERS_OVERFLOW':
      return faultOf(tooLargeHeaders(), progress)
    case 'UND_ERR_SOCKET':
      return message.startsWith('bad ') ? unasked(message) : closed('closed', progress)
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return progress === 'waiting' ? malformed('length_unclear') : closed('closed', progress)
    case 'EPIPE':
      return closed('closed', progress)
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return closed(code, progress)
    case 'ERR_ASSERTION':
      return malformed('status_invalid')
    case 'UND_ERR_INVALID_ARG':
      return theirs('protocol', 'request_invalid', 'Cannot send the request: HTTP cannot carry it')
    default:
      if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
        const why = /CERTIFICATE_REQUIRED/.test(code) ? ', it asks for a client certificate' : ''
        const what = `Cannot deliver: the destination broke off the encrypted connection${why}`
        return theirs('tls', code, what)
      }
      return theirs(
        'protocol',
        [code, message].filter(Boolean).join(': '),
        'Cannot complete the request: the connection failed in a way that has no name here',
      )
  }
}

function closed(detail: string, progress: Progress): Fault {
  if (progress === 'reading_chunks') {
    return malformed('chunk_cut')
  }
  return progress === 'reading'
    ? theirs(
        'reset',
        detail === 'closed' ? 'closed_early' : detail,
        'Cannot read the response: the connection closed before its end',
      )
    : theirs(
        'reset',
        detail,
        'Cannot deliver: the destination closed the connection without answering',
      )
}

const unasked = (message: string): Fault =>
  malformed(message === 'bad upgrade' ? 'upgrade_unasked' : 'response_unasked')

/** What the parser stumbled over, told by its words: it has no codes for most of them. */
function unparsed(reason: string, progress: Progress): Fault {
  if (/EOF/.test(reason)) return closed('closed', progress)
  return malformed(stumbles.find(([words]) => words.test(reason))?.[1] ?? 'response_invalid')
}

const stumbles: readonly (readonly [words: RegExp, detail: keyof typeof malformations])[] = [
  [/chunk/i, 'chunk_invalid'],
  [/Content-Length|Transfer-Encoding/i, 'length_unclear'],
  [/status/i, 'status_invalid'],
  [/Expected HTTP|version|Preface|dot/i, 'not_http'],
  [/expected (?:CR|LF)/i, 'line_ending_invalid'],
  [/header/i, 'header_invalid'],
]

const malformations = {
  chunk_cut: 'the connection closed in the middle of a chunk',
  chunk_invalid: 'a chunk of its body is malformed',
  length_unclear: 'its length is not clear',
  status_invalid: 'its status is not one HTTP knows',
  not_http: 'it does not begin as HTTP/1.1 does; does another service listen on this port?',
  line_ending_invalid: 'its lines do not end in CR LF',
  header_invalid: 'a header is malformed',
  upgrade_unasked: 'it switches to another protocol, which was not asked for',
  response_unasked: 'it comes where none was due',
  response_invalid: 'it cannot be parsed',
} as const

const malformed = (detail: keyof typeof malformations): Fault =>
  theirs(
    'protocol',
    detail,
    `Cannot read the response: it is not valid HTTP, ${malformations[detail]}`,
  )

const theirs = (code: FailureCode, detail: string, message: string): Fault => ({
  code,
  message,
  detail,
  ours: false,
})
