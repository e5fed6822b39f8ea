/**
 * A call of `$send.http` (SPEC section 4), validated and serialised at the call: `normaliseCall` runs
 * in the guest, where a bad call throws in the user's step, and yields plain values that nothing the
 * user does later can change. `checkSendFields` is the host's side: it trusts nothing of that.
 *
 * Every option is read once, and only if it is the object's own.
 */
import type { Send } from './delivery.ts'
import type { HeaderPair } from './event.ts'
import { isSingleHeader } from './derive-event.ts'
import { addField, setField } from './fields.ts'
import { limits } from './limits.ts'
import { encodeFields, entriesOf, serialiseData } from './send-data.ts'
import { refuse, refuseIf } from './send-refusal.ts'
import {
  credentialsFault,
  headerNameFault,
  headersSizeFault,
  headerValueFault,
  methodFault,
  redirectsFault,
  retryFault,
  show,
  timeoutFault,
  urlFault,
} from './send-rules.ts'
import type { RetryPolicy } from './workflow.ts'

export type SendFields = Omit<Send, 'step' | 'stepName' | 'index'>

export type NormalisedCall =
  | {
      readonly kind: 'send'
      readonly send: SendFields
      /** What was done differently than the call reads, for the step's log. */
      readonly warnings: readonly string[]
    }
  | { readonly kind: 'skipped'; readonly reason: string }

const OPTIONS = [
  'method',
  'url',
  'data',
  'headers',
  'params',
  'auth',
  'timeout',
  'retry',
  'followRedirects',
  'signed',
] as const
type Option = (typeof OPTIONS)[number]
type Options = Partial<Record<Option, unknown>>

/** What the same thing is called elsewhere. */
const MEANT: ReadonlyMap<string, Option> = new Map([
  ['body', 'data'],
  ['json', 'data'],
  ['form', 'data'],
  ['payload', 'data'],
  ['query', 'params'],
  ['qs', 'params'],
  ['search', 'params'],
  ['searchparams', 'params'],
  ['header', 'headers'],
  ['uri', 'url'],
  ['href', 'url'],
  ['endpoint', 'url'],
  ['verb', 'method'],
  ['type', 'method'],
  ['authorization', 'auth'],
  ['credentials', 'auth'],
  ['timeoutms', 'timeout'],
  ['retries', 'retry'],
  ['redirect', 'followRedirects'],
  ['maxredirects', 'followRedirects'],
  ['sign', 'signed'],
  ...OPTIONS.map((option) => [option.toLowerCase(), option] as const),
])
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** Turns a call's options into what will be sent, or says why nothing will. Throws TypeError naming the option. */
export function normaliseCall(options: unknown): NormalisedCall {
  const call = readOptions(options)
  refuseIf('method', methodFault(call.method))
  const method = (call.method as string).toUpperCase()
  const url = parseUrl(call.url)
  const userinfo = takeUserinfo(url)
  if (isGiven(call.params)) appendQuery(url, encodeFields('params', call.params))
  refuseIf('url', urlFault(url))
  const warnings: string[] = []
  const headers = isGiven(call.headers) ? readHeaders(call.headers, warnings) : []
  authorise(headers, call.auth, userinfo)
  const { timeout = limits.sendTimeoutMs, followRedirects = 0, signed = false } = call
  refuseIf('timeout', timeoutFault(timeout))
  refuseIf('followRedirects', redirectsFault(followRedirects))
  if (typeof signed !== 'boolean') refuse('signed', `must be true or false, it is ${show(signed)}`)
  const retry = isGiven(call.retry) ? readRetry(call.retry) : null
  if (call.data === undefined && Object.hasOwn(call, 'data') && WITH_BODY.has(method)) {
    return { kind: 'skipped', reason: 'payload is undefined' }
  }
  const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  const data = serialiseData(call.data, contentType)
  if (data.contentType !== null && contentType === undefined) {
    headers.push(['content-type', data.contentType])
  }
  refuseIf('headers', headersSizeFault(headers))
  const send = {
    method,
    url: url.href,
    headers,
    body: data.body,
    timeoutMs: timeout as number,
    retry,
    followRedirects: followRedirects as number,
    signed,
  }
  return { kind: 'send', send, warnings }
}

/** Checks what came in a frame from the guest as if it were hostile. Throws TypeError; returns a fresh value. */
export function checkSendFields(candidate: unknown): SendFields {
  if (typeof candidate !== 'object' || candidate === null) refuse('frame', 'must be an object')
  const { method, url, headers, body, timeoutMs, retry, followRedirects, signed } =
    candidate as Record<keyof SendFields, unknown>
  refuseIf('method', methodFault(method))
  if (typeof method !== 'string' || method !== method.toUpperCase()) {
    refuse('method', 'must be upper case')
  }
  refuseIf('timeout', timeoutFault(timeoutMs))
  refuseIf('followRedirects', redirectsFault(followRedirects))
  if (typeof signed !== 'boolean') refuse('signed', 'must be true or false')
  if (body !== null && !(body instanceof Uint8Array)) refuse('data', 'must be bytes or null')
  if (body !== null && body.byteLength > limits.runSendBytes) {
    refuse('data', `is longer than ${limits.runSendBytes} bytes`)
  }
  return {
    method,
    url: checkUrl(url),
    headers: checkHeaders(headers),
    body,
    timeoutMs: timeoutMs as number,
    retry: retry === null ? null : readRetry(retry),
    followRedirects: followRedirects as number,
    signed,
  }
}

function readOptions(options: unknown): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(
      `$send.http: expected an options object such as {method, url, data}, got ${show(options)}`,
    )
  }
  const read: Options = {}
  for (const key of Reflect.ownKeys(options)) {
    if (!(OPTIONS as readonly unknown[]).includes(key)) refuseOption(key)
    read[key as Option] = (options as Options)[key as Option]
  }
  return read
}

function refuseOption(key: string | symbol): never {
  const meant = MEANT.get(String(key).toLowerCase())
  const hint = meant ? `, did you mean ${meant}?` : `, known are ${OPTIONS.join(', ')}`
  throw new TypeError(`$send.http: unknown option "${String(key)}"${hint}`)
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

function parseUrl(value: unknown): URL {
  if (!isGiven(value) || value === '') refuse('url', 'is required')
  if (typeof value !== 'string' && !(value instanceof URL)) {
    refuse('url', `must be text or a URL, it is ${show(value)}`)
  }
  const url = URL.parse(value instanceof URL ? value.href : value)
  if (!url) refuse('url', `must be a full URL such as "https://example.com/", it is ${show(value)}`)
  return url
}

/** Takes username and password out of a URL, and the fragment, which is never sent. */
function takeUserinfo(url: URL): [string, string] | undefined {
  const { username, password } = url
  url.hash = ''
  url.username = ''
  url.password = ''
  return username || password ? [decode(username), decode(password)] : undefined
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // A lone percent sign stands for itself.
  }
}

/** Behind the URL's own query, which stays as it is written. */
function appendQuery(url: URL, query: string): void {
  if (query !== '') url.search = url.search === '' ? query : `${url.search}&${query}`
}

function readHeaders(value: unknown, warnings: string[]): HeaderPair[] {
  const given: Record<string, unknown> = {}
  const entries = entriesOf('headers', value)
  const isList = Symbol.iterator in (value as object)
  for (const [name, item] of entries) {
    if (isList) addField(given, name, item)
    else setField(given, name, item)
  }
  const byKey = new Map<string, HeaderPair[]>()
  for (const [name, item] of Object.entries(given)) {
    refuseIf('headers', headerNameFault(name))
    const key = name.toLowerCase()
    if (byKey.delete(key))
      warnings.push(`$send.http: "headers" has ${key} twice, the last one is sent`)
    byKey.set(key, headerLines(name, item))
  }
  return [...byKey.values()].flat()
}

function headerLines(name: string, value: unknown): HeaderPair[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (items.length > 1 && isSingleHeader(name.toLowerCase())) {
    refuse('headers', `cannot repeat ${name}`)
  }
  return items.map((item) => {
    if (typeof item !== 'string' && typeof item !== 'number' && typeof item !== 'boolean') {
      return refuse(
        'headers',
        `has ${show(item)} as the value of ${name}: give text, or leave it out`,
      )
    }
    const text = String(item)
    refuseIf('headers', headerValueFault(name, text))
    return [name, text]
  })
}

/** `auth` beats an Authorization header, which beats what the URL carries. */
function authorise(
  headers: HeaderPair[],
  auth: unknown,
  userinfo: [string, string] | undefined,
): void {
  const at = headers.findIndex(([name]) => name.toLowerCase() === 'authorization')
  const [option, credentials] = isGiven(auth)
    ? (['auth', readAuth(auth)] as const)
    : (['url', at === -1 ? userinfo : undefined] as const)
  if (!credentials) return
  const [username, password] = credentials
  refuseIf(option, credentialsFault(username, password))
  if (at !== -1) headers.splice(at, 1)
  const basic = Buffer.from(`${username}:${password}`).toString('base64')
  headers.push(['authorization', `Basic ${basic}`])
}

function readAuth(auth: unknown): [string, string] {
  if (typeof auth !== 'object' || auth === null) {
    refuse('auth', `must be {username, password}, it is ${show(auth)}`)
  }
  const unknown = Object.keys(auth).find((key) => key !== 'username' && key !== 'password')
  if (unknown !== undefined) {
    refuse('auth', `has the unknown key ${show(unknown)}, it takes username and password`)
  }
  const { username, password } = auth as Record<string, unknown>
  if (typeof username !== 'string') refuse('auth', `must have a username, it is ${show(username)}`)
  if (typeof password !== 'string') refuse('auth', `must have a password, it is ${show(password)}`)
  return [username, password]
}

/** A copy, so that the value that was checked is the value that is kept. */
function readRetry(value: unknown): RetryPolicy {
  let retry = value
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const { schedule } = (retry = { ...value }) as { schedule?: unknown }
    if (Array.isArray(schedule)) (retry as { schedule: unknown }).schedule = [...schedule]
  }
  refuseIf('retry', retryFault(retry))
  return retry as RetryPolicy
}

function checkUrl(value: unknown): string {
  const url = parseUrl(value)
  refuseIf('url', urlFault(url))
  if (url.username || url.password) refuse('url', 'cannot carry credentials here')
  if (url.href !== value || url.href.includes('#')) refuse('url', 'must be in its normal form')
  return url.href
}

function checkHeaders(value: unknown): readonly HeaderPair[] {
  if (!Array.isArray(value)) refuse('headers', 'must be a list')
  const headers = value.map((pair: unknown): HeaderPair => {
    const [name, text] = Array.isArray(pair) && pair.length === 2 ? (pair as unknown[]) : []
    if (typeof name !== 'string' || typeof text !== 'string') {
      return refuse('headers', 'must be a list of [name, value] pairs')
    }
    refuseIf('headers', headerNameFault(name) ?? headerValueFault(name, text))
    return [name, text]
  })
  refuseIf('headers', headersSizeFault(headers))
  return headers
}
