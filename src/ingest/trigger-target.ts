/**
 * Reads a request target: which endpoint it names, and what follows. A target in absolute form
 * (`POST http://somewhere/t/key`) is read by its path alone: the authority is the client's claim and
 * routes nothing (RFC 9112, 3.2.2, without being a proxy). Nothing is decoded.
 */

export type TriggerTarget = {
  readonly key: string
  /** What follows the key, percent-encoding kept; `/` if nothing. */
  readonly path: string
}

const PREFIX = '/t/'
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i

/** The target without scheme and authority: path and query, as sent. */
export function originForm(target: string): string {
  return target.startsWith('/') ? target : target.replace(ABSOLUTE, '')
}

export const isTriggerTarget = (target: string): boolean => originForm(target).startsWith(PREFIX)

/** Undefined when the target is not below `/t/`. */
export function parseTriggerTarget(target: string): TriggerTarget | undefined {
  const origin = originForm(target)
  if (!origin.startsWith(PREFIX)) return undefined
  let keyEnd = -1
  let end = PREFIX.length
  for (; end < origin.length; end++) {
    const char = origin.charCodeAt(end)
    if (char === QUESTION_MARK || char === HASH) break
    if (char === SLASH && keyEnd === -1) keyEnd = end
  }
  if (keyEnd === -1) keyEnd = end
  return { key: origin.slice(PREFIX.length, keyEnd), path: origin.slice(keyEnd, end) || '/' }
}

const SLASH = 0x2f
const QUESTION_MARK = 0x3f
const HASH = 0x23
