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
const PARAMETER = /([?&])([^=&]*)=([^&]*)/g
const BASIC = /^\s*basic\s/i

/** `••••` and the last four characters of a secret. */
export function mask(secret: string): string {
  return secret.length < SHORTEST_WITH_TAIL ? MASK : MASK + secret.slice(-4)
}

/** The shortest secret that is looked for elsewhere; what is shorter is as likely a word. */
const SHORTEST_ELSEWHERE = 8
const NONE: readonly string[] = []

/**
 * The secrets that a request carries by name, as somebody might repeat them: values of secret headers
 * and query parameters, without the scheme before them, Basic credentials and passwords in plain, and
 * each cookie's value.
 */
export function namedSecrets(headers: readonly HeaderPair[], url: string): readonly string[] {
  let found: string[] | undefined
  for (const [name, value] of headers) {
    if (isSecretHeader(name)) (found ??= []).push(...partsOf(name.toLowerCase(), value))
  }
  if (url.includes('?')) {
    for (const [, , name, value] of url.matchAll(PARAMETER)) {
      if (isSecretParameter(name!)) (found ??= []).push(value!, decode(value!))
    }
  }
  return found?.filter((secret) => secret.length >= SHORTEST_ELSEWHERE) ?? NONE
}

function partsOf(name: string, value: string): readonly string[] {
  if (name.endsWith('cookie')) {
    return [value, ...value.split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim())]
  }
  const credentials = /^\s*[\w-]+\s+(\S.*)$/.exec(value)?.[1]
  if (credentials === undefined) return [value]
  if (!BASIC.test(value)) return [value, credentials]
  const plain = Buffer.from(credentials, 'base64').toString('utf8')
  return [credentials, plain, plain.slice(plain.indexOf(':') + 1)]
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
const maskValue = (value: string): string => (BASIC.test(value) ? MASK : mask(value))

/** The same text, with userinfo and the values of secret query parameters masked; the rest untouched. */
export function redactUrl(url: string): string {
  if (!/[?@]/.test(url)) return url
  const fragmentAt = url.indexOf('#')
  const end = fragmentAt === -1 ? url.length : fragmentAt
  const queryAt = url.slice(0, end).indexOf('?')
  const pathEnd = queryAt === -1 ? end : queryAt
  const address = url.slice(0, pathEnd).replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/\\]*@/i, `$1${MASK}@`)
  const query = url.slice(pathEnd, end).replaceAll(PARAMETER, maskParameter)
  return address + query + url.slice(end)
}

function maskParameter(all: string, before: string, name: string, value: string): string {
  return isSecretParameter(name) ? `${before}${name}=${mask(value)}` : all
}

function isSecretParameter(name: string): boolean {
  const readable = decode(name)
  return SECRET_NAME.test(readable) || SECRET_PARAMETER.test(readable)
}

/** A parameter's name as a server reads it, so that escaping a letter of it does not unmask the value. */
function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name // Malformed escapes: the name stands as it is.
  }
}
