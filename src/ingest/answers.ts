/**
 * What the sender is told. Every answer can be read by any origin, is never sniffed, never run as a
 * page, sets no cookie and echoes nothing of the request but the header names a preflight asks for.
 *
 * A refusal while the body is still coming closes the connection, gently: the answer goes out at once,
 * then what still arrives is dropped for a while. Closing at once would make the kernel send a reset,
 * and a reset discards the answer the sender has not read yet.
 */
import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import type { TriggerResponse } from '../model/respond.ts'
import { announcedBytes } from './read-body.ts'

const COMMON = [
  'Access-Control-Allow-Origin',
  '*',
  'X-Content-Type-Options',
  'nosniff',
  'Content-Security-Policy',
  'sandbox',
]

// Text, not bytes: Node then sends head and body in one write (bytes were measured to cost half more).
const ACCEPTED_BODY = '{"success":true}'
const ACCEPTED_HEADERS = [
  'Content-Type',
  'application/json',
  'Content-Length',
  String(ACCEPTED_BODY.length),
  ...COMMON,
]

export function answerAccepted(response: ServerResponse): void {
  response.writeHead(200, ACCEPTED_HEADERS).end(ACCEPTED_BODY, 'latin1')
}

/** Answers with what a step responded, and with the headers that every answer has. */
export function answerResponse(
  connection: ServerResponse,
  { status, headers, body }: TriggerResponse,
): void {
  const length = body === null ? [] : ['Content-Length', String(body.length)]
  const empty = body === null && status !== 204 && status !== 304 ? ['Content-Length', '0'] : []
  connection.writeHead(status, [...COMMON, ...headers.flat(), ...length, ...empty])
  connection.end(body)
}

/** A preflight (Fetch standard, 3.2.2), as opposed to an `OPTIONS` request that is an event. */
export function isPreflight(request: IncomingMessage): boolean {
  return (
    request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  )
}

export function answerPreflight(request: IncomingMessage, response: ServerResponse): void {
  const asked = request.headers['access-control-request-headers']
  response
    .writeHead(204, [
      ...COMMON,
      'Access-Control-Allow-Methods',
      'GET,HEAD,PUT,PATCH,POST,DELETE',
      ...(asked === undefined ? [] : ['Access-Control-Allow-Headers', asked]),
    ])
    .end()
}

/** Answers with the problem document (RFC 9457) of an error. */
export function answerProblem(
  request: IncomingMessage,
  response: ServerResponse,
  error: AppError,
): void {
  // The listener answers a request that broke off or took too long, while others still work on it.
  if (response.headersSent) return
  const body = problemBody(error)
  const headers = problemHeaders(error, body)
  const unread = request.complete ? 0 : announcedBytes(request)
  if (unread <= limits.discardBytes && error.code !== 'body_too_large') {
    response.writeHead(error.status, headers).end(body)
    return
  }
  response.writeHead(error.status, [...headers, 'Connection', 'close']).flushHeaders()
  response.write(body)
  linger(request, () => response.end())
}

/** Answers a request of which nothing more can be read, and closes its connection. */
export function answerAndClose(response: ServerResponse, error: AppError): void {
  const { req: request } = response
  if (response.headersSent) return void request.destroy()
  const body = problemBody(error)
  response.writeHead(error.status, [...problemHeaders(error, body), 'Connection', 'close'])
  // Node forgets a request whose answer is out; whoever still reads its body must hear that it is over.
  response.end(body, () => request.destroy())
}

/** The whole of an answer to a request that Node could not make a request of. Closes the connection. */
export function rawProblem(error: AppError): string {
  const body = problemBody(error)
  const lines = [`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`, 'Connection: close']
  const headers = problemHeaders(error, body)
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

function problemBody(error: AppError): string {
  const { status, code, message: detail } = error
  const type = `urn:sendoff:error:${code}`
  return JSON.stringify({ type, title: STATUS_CODES[status], status, detail, code })
}

function problemHeaders(error: AppError, body: string): string[] {
  const comeAgain = error.status === 429 || error.status === 503
  return [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    ...COMMON,
    ...(error.status === 401 ? ['WWW-Authenticate', 'Bearer'] : []),
    ...(comeAgain ? ['Retry-After', String(error.values['retryAfterSeconds'] ?? 1)] : []),
  ]
}

/** Reads and drops the rest of a request until it ends, or `lingerMs` have passed; then calls `done`. */
function linger(request: IncomingMessage, done: () => void): void {
  const timer = setTimeout(finish, limits.lingerMs)
  function finish(): void {
    clearTimeout(timer)
    request.off('end', finish).off('close', finish)
    done()
  }
  if (request.complete || request.destroyed) return finish()
  request.on('end', finish).on('close', finish).resume()
}
