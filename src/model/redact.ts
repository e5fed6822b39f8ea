/**
 * Masks secrets in what is shown of a request or a response: the one rule for queued requests, recorded
 * attempts and captured answers. A masked value reads `••••` and its last four characters, so that a
 * person can tell two keys apart; a value too short to spare four is masked whole.
 *
 * What counts as a secret is decided by name alone (SECURITY.md 221). Bodies are the user's own data
 * and are not touched.
 */
import type { HeaderPair } from './event.ts'

const MASK = '••••'
/** Shorter secrets would be given away by their last four characters. */
const SHORTEST_WITH_TAIL = 12

const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
])
const SECRET_NAME = /token|secret|passw|api[-_]?key/i
const SECRET_PARAMETER = /^sig(nature)?$/i

/** `••••` and the last four characters of a secret. */
export function mask(secret: string): string {
  return secret.length < SHORTEST_WITH_TAIL ? MASK : MASK + secret.slice(-4)
}

/** Whether a header of this name carries a secret. */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name.toLowerCase()) || SECRET_NAME.test(name)
}

/** The same pairs, in order, with the values of secret headers masked. */
export function redactHeaders(pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  return pairs.map(([name, value]) => [name, isSecretHeader(name) ? maskValue(value) : value])
}

/** The tail of Basic credentials is the tail of a password that a person chose, in base64. */
const maskValue = (value: string): string => (/^\s*basic\s/i.test(value) ? MASK : mask(value))

/** The same text, with userinfo and the values of secret query parameters masked; the rest untouched. */
export function redactUrl(url: string): string {
  if (!/[?@]/.test(url)) return url
  const fragmentAt = url.indexOf('#')
  const end = fragmentAt === -1 ? url.length : fragmentAt
  const queryAt = url.slice(0, end).indexOf('?')
  const pathEnd = queryAt === -1 ? end : queryAt
  const address = url.slice(0, pathEnd).replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/\\]*@/i, `$1${MASK}@`)
  const query = url.slice(pathEnd, end).replaceAll(/([?&])([^=&]*)=([^&]*)/g, maskParameter)
  return address + query + url.slice(end)
}

function maskParameter(all: string, before: string, name: string, value: string): string {
  const readable = decode(name)
  const secret = SECRET_NAME.test(readable) || SECRET_PARAMETER.test(readable)
  return secret ? `${before}${name}=${mask(value)}` : all
}

/** A parameter's name as a server reads it, so that escaping a letter of it does not unmask the value. */
function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name // Malformed escapes: the name stands as it is.
  }
}
