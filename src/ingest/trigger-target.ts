/**
 * Reads what a request is for: which endpoint it names, by its path (`/t/<key>...`) or by its host
 * (`<key>.<trigger domain>`), and what follows. A target in absolute form
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

/**
 * The key that a Host header names below the trigger domain; undefined for every other host. Whatever
 * stands there is a key, if not one of ours: below that domain nothing but endpoints is served.
 */
export function keyOfHost(
  host: string | undefined,
  triggerDomain: string | null,
): string | undefined {
  if (triggerDomain === null || host === undefined) return undefined
  const name = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
  const ending = `.${triggerDomain}`
  return name.endsWith(ending) ? name.slice(0, -ending.length) : undefined
}

/** What a target asks of the endpoint that its host names: all of its path. */
export function targetOfHost(key: string, target: string): TriggerTarget {
  const origin = originForm(target)
  return { key, path: (/^[^?#]*/.exec(origin)?.[0] ?? '') || '/' }
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
