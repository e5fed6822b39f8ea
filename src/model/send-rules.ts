/**
 * What a request may consist of, whoever asks for it: user code at the call, the host on a frame from
 * the guest, the API when a webhook step is saved. Each rule answers with the fault in words that fit
 * behind the option's name (`"method" must be ...`), or undefined.
 *
 * Stricter than undici, which sends some headers that would break the framing or the guard.
 */
import type { HeaderPair } from './event.ts'
import { limits } from './limits.ts'

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Set by the connection itself (RFC 9110, 7.6.1) or by what decides where it goes. */
const FORBIDDEN_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'keep-alive',
])
const HOST_NAME_LENGTH = 253
const HOST_LABEL_LENGTH = 63

export function methodFault(method: unknown): string | undefined {
  if (method === undefined || method === null || method === '') return 'is required'
  if (typeof method !== 'string' || !TOKEN.test(method)) {
    return `must be an HTTP method such as "POST", it is ${show(method)}`
  }
  const name = method.toUpperCase()
  if (name === 'CONNECT' || name === 'TRACE') return `cannot be ${name}: it is not for deliveries`
  return undefined
}

/** A URL as parsed, userinfo and fragment aside. */
export function urlFault(url: URL): string | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return `must start with http:// or https://, it starts with ${url.protocol}`
  }
  if (url.port === '0') return 'cannot have port 0'
  const labels = url.hostname.replace(/\.$/, '').split('.')
  const long = labels.find((label) => label.length > HOST_LABEL_LENGTH)
  if (long !== undefined || url.hostname.length > HOST_NAME_LENGTH) {
    return 'has a host name that is too long for DNS'
  }
  if (url.href.length > limits.sendUrlBytes) {
    return `is longer than ${limits.sendUrlBytes} bytes, move some of it to "data"`
  }
  return undefined
}

export function headerNameFault(name: string): string | undefined {
  if (!TOKEN.test(name)) return `has the invalid name ${show(name)}`
  const key = name.toLowerCase()
  if (FORBIDDEN_HEADERS.has(key) || key.startsWith('proxy-')) {
    return `cannot set ${name}: the connection decides it, leave it out`
  }
  return undefined
}

export function headerValueFault(name: string, value: string): string | undefined {
  if (/[^\t -~\u{80}-\u{10ffff}]/u.test(value)) {
    return `has a line break or control character in the value of ${name}`
  }
  if (/[\u{100}-\u{10ffff}]/u.test(value)) {
    return `has a character above U+00FF in the value of ${name}: encode it, for example with encodeURIComponent`
  }
  return undefined
}

export function headersSizeFault(headers: readonly HeaderPair[]): string | undefined {
  let size = 0
  for (const [name, value] of headers) size += name.length + value.length + 4
  if (size <= limits.sendHeaderBytes) return undefined
  return `come to ${size} bytes, the limit is ${limits.sendHeaderBytes}`
}

export function credentialsFault(username: string, password: string): string | undefined {
  if (username.includes(':')) return 'has a colon in the username, which Basic cannot carry'
  if (/[^ -~\u{80}-\u{10ffff}]/u.test(username + password))
    return 'has a line break or control character'
  return undefined
}

/** Seconds are a likely slip: the sentence says the unit. */
export function timeoutFault(timeoutMs: unknown): string | undefined {
  if (isIntegerIn(timeoutMs, 1, limits.sendTimeoutMsMax)) return undefined
  return `must be a whole number of milliseconds from 1 to ${limits.sendTimeoutMsMax}, it is ${show(timeoutMs)}`
}

export function redirectsFault(count: unknown): string | undefined {
  if (isIntegerIn(count, 0, limits.sendRedirectsMax)) return undefined
  return `must be a whole number from 0 to ${limits.sendRedirectsMax}, it is ${show(count)}`
}

export function retryFault(retry: unknown): string | undefined {
  if (typeof retry === 'boolean') return undefined
  if (typeof retry !== 'object' || retry === null || Array.isArray(retry)) {
    return `must be true, false or {attempts, schedule}, it is ${show(retry)}`
  }
  const unknown = Object.keys(retry).find((key) => key !== 'attempts' && key !== 'schedule')
  if (unknown !== undefined) return `has the unknown key ${show(unknown)}`
  const { attempts, schedule } = retry as { attempts?: unknown; schedule?: unknown }
  if (attempts !== undefined && !isIntegerIn(attempts, 1, limits.retryAttemptsMax)) {
    return `must have attempts from 1 to ${limits.retryAttemptsMax}, it has ${show(attempts)}`
  }
  if (schedule !== undefined && !isSchedule(schedule)) {
    return `must have a schedule of 1 to ${limits.retryAttemptsMax} delays in milliseconds, each at most ${limits.retryDelayMsMax}`
  }
  return undefined
}

export function isIntegerIn(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}

/** A value as it fits into a sentence. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value)
  }
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

function isSchedule(schedule: unknown): boolean {
  return (
    Array.isArray(schedule) &&
    schedule.length >= 1 &&
    schedule.length <= limits.retryAttemptsMax &&
    schedule.every((delayMs) => isIntegerIn(delayMs, 0, limits.retryDelayMsMax))
  )
}
