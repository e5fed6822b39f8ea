/**
 * Problem documents (RFC 9457): how every refusal of the API looks. An `AppError` carries all of it;
 * what Fastify refuses by itself is translated into one; anything else is a fault of ours, of which
 * the caller learns nothing but that it happened.
 */
import { STATUS_CODES } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { FastifyError } from 'fastify'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import { explain } from './check-request.ts'
import type { ProblemWire } from './wire.ts'

export const PROBLEM_TYPE = 'application/problem+json'

export function problemOf(error: AppError): ProblemWire {
  return {
    type: `urn:sendoff:error:${error.code}`,
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    detail: error.message,
    code: error.code,
    ...placeOf(error.values),
  }
}

/** Which step is to blame and where in its text, as far as it is known. */
function placeOf({ step, line, column }: AppError['values']): Partial<ProblemWire> {
  return {
    ...(typeof step === 'string' ? { step } : {}),
    ...(typeof line === 'number' ? { line } : {}),
    ...(typeof column === 'number' ? { column } : {}),
  }
}

/** Headers that belong to a refusal: how to be let in, and when to come again. */
export function refusalHeaders(error: AppError): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { 'content-type': PROBLEM_TYPE }
  if (error.status === 401) headers['www-authenticate'] = 'Bearer realm="sendoff"'
  if (error.status === 429 || error.status === 503) headers['retry-after'] = '1'
  if (error.code === 'method_not_allowed') headers['allow'] = String(error.values['allowed'])
  return headers
}

/** Answers without Fastify: before it is ready and after it is closed. */
export function refuse(response: ServerResponse, error: AppError): void {
  response.writeHead(error.status, refusalHeaders(error)).end(JSON.stringify(problemOf(error)))
}

/** The catalogue's error for whatever was thrown. The cause of an `internal` one is for the log. */
export function appErrorOf(thrown: FastifyError | Error): AppError {
  if (thrown instanceof AppError) {
    return thrown.status >= 400 ? thrown : new AppError('internal', {}, { cause: thrown })
  }
  if ('validation' in thrown && thrown.validation) {
    const part = thrown.validationContext === 'querystring' ? 'query parameter' : 'field'
    return new AppError('invalid_request', { reason: explain(part, thrown.validation) })
  }
  const { statusCode } = thrown as FastifyError
  if (statusCode === 413) return new AppError('request_too_large', { limit: limits.apiBodyBytes })
  if (statusCode === 415) return new AppError('media_type_unsupported')
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new AppError('invalid_request', { reason: thrown.message })
  }
  return new AppError('internal', {}, { cause: thrown })
}
