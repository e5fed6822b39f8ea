/**
 * Reads the body of a request, with a limit, as raw bytes: no content coding is undone, so a
 * compressed bomb is as large as it looks. A body is complete only when HTTP says so: a request that
 * ends early, or breaks off in the middle of a chunk, is `broken`, whatever had arrived by then.
 *
 * Invariant: a body takes memory as it arrives. A `complete` one keeps it until its reader gives it
 * back; every other outcome has given it back.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BodyMemory } from './body-memory.ts'

export type BodyOutcome =
  | { readonly kind: 'complete'; readonly body: Uint8Array }
  | { readonly kind: 'too_large' | 'no_room' | 'broken' }

const CHUNKED = Number.POSITIVE_INFINITY
const EMPTY: BodyOutcome = { kind: 'complete', body: new Uint8Array(0) }
const TOO_LARGE: BodyOutcome = { kind: 'too_large' }
const NO_ROOM: BodyOutcome = { kind: 'no_room' }
const BROKEN: BodyOutcome = { kind: 'broken' }

/** Bytes of body that a request announces: infinite when chunked, 0 when there is none. */
export function announcedBytes(request: IncomingMessage): number {
  if (request.headers['transfer-encoding'] !== undefined) return CHUNKED
  return Number(request.headers['content-length'] ?? 0)
}

/**
 * Never fails. `100 Continue` is sent when the body is wanted, and not when its length is known to be
 * too much. After `too_large` and `no_room` the rest is unread and the request is paused.
 */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limitBytes: number,
  memory: BodyMemory,
  endpoint: string,
): BodyOutcome | Promise<BodyOutcome> {
  const announced = announcedBytes(request)
  if (announced === 0) return EMPTY
  if (request.destroyed || response.writableEnded) return BROKEN
  if (announced !== CHUNKED && announced > limitBytes) return TOO_LARGE
  if (request.headers.expect !== undefined) response.writeContinue()
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    let settled = false
    const settle = (outcome: BodyOutcome): void => {
      if (settled) return
      settled = true
      if (outcome.kind !== 'complete') {
        memory.give(endpoint, size)
        request.pause()
      }
      resolve(outcome)
    }
    const onData = (chunk: Buffer): void => {
      if (settled) return
      size += chunk.length
      const fits = memory.take(endpoint, chunk.length)
      if (size > limitBytes) settle(TOO_LARGE)
      else if (!fits) settle(NO_ROOM)
      else chunks.push(chunk)
    }
    const onEnd = (): void => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
      settle(request.complete ? { kind: 'complete', body } : BROKEN)
    }
    // Never taken off again: that would cost more than the checks of `settled`.
    request.on('data', onData).on('end', onEnd)
    request.on('close', () => settle(BROKEN))
  })
}
