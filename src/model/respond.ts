/**
 * A call of `$respond` (SPEC section 3), validated and serialised at the call as one of `$send.http` is:
 * `normaliseRespond` runs in the guest, where a bad call throws in the user's step; `checkResponse` is
 * the server's side, which trusts nothing of that.
 *
 * The answer leaves from the address that the UI has too. So what would act on that whole origin, such
 * as a cookie, is left out, with a warning; what belongs to the connection is refused, as everywhere.
 */
import type { HeaderPair } from './event.ts'
import { limits } from './limits.ts'
import { serialiseData } from './send-data.ts'
import {
  headerNameFault,
  headersSizeFault,
  headerValueFault,
  isIntegerIn,
  show,
} from './send-rules.ts'

/** What a trigger's request is answered with. */
export type TriggerResponse = {
  readonly status: number
  readonly headers: readonly HeaderPair[]
  readonly body: Uint8Array | null
}

export type RespondCall = {
  readonly response: TriggerResponse
  /** At once, rather than when the run has ended. */
  readonly immediate: boolean
  /** What was done differently than the call reads, for the step's log. */
  readonly warnings: readonly string[]
}

const OPTIONS = ['status', 'headers', 'body', 'immediate'] as const
type Option = (typeof OPTIONS)[number]

/** What the same thing is called elsewhere. */
const MEANT: ReadonlyMap<string, Option> = new Map([
  ['statuscode', 'status'],
  ['code', 'status'],
  ['header', 'headers'],
  ['data', 'body'],
  ['json', 'body'],
  ['payload', 'body'],
  ['bodyraw', 'body'],
  ...OPTIONS.map((option) => [option.toLowerCase(), option] as const),
])
/** They concern the origin, not this answer; the origin is not the step's. */
const OF_THE_ORIGIN: ReadonlySet<string> = new Set([
  'set-cookie',
  'set-cookie2',
  'clear-site-data',
  'content-security-policy',
  'content-security-policy-report-only',
  'x-content-type-options',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'strict-transport-security',
  'public-key-pins',
  'service-worker-allowed',
  'origin-agent-cluster',
  'alt-svc',
  'nel',
  'report-to',
  'reporting-endpoints',
])
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])

/** Turns a call's options into an answer. Throws a TypeError naming the option. */
export function normaliseRespond(options: unknown): RespondCall {
  const { status = 200, headers: given, body: value = null, immediate = false } = read(options)
  refuseIf('status', statusFault(status))
  if (typeof immediate !== 'boolean') {
    refuse('immediate', `must be true or false, it is ${show(immediate)}`)
  }
  const warnings: string[] = []
  const headers = given === undefined || given === null ? [] : readHeaders(given, warnings)
  const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  const { body, contentType: natural } = serialise(value, contentType)
  if (natural !== null && contentType === undefined) headers.push(['Content-Type', natural])
  const response = { status: status as number, headers, body }
  refuseIf('headers', headersSizeFault(headers))
  refuseIf('body', bodyFault(response))
  return { response, immediate, warnings }
}

/** Checks what came in a frame from the guest as if it were hostile. Throws a TypeError. */
export function checkResponse(candidate: {
  readonly status: unknown
  readonly headers: unknown
  readonly body: Uint8Array | null
}): TriggerResponse {
  const { status, headers: given, body } = candidate
  refuseIf('status', statusFault(status))
  if (!Array.isArray(given)) refuse('headers', 'must be a list')
  const headers = given.map((pair: unknown): HeaderPair => {
    const [name, value] = Array.isArray(pair) && pair.length === 2 ? (pair as unknown[]) : []
    if (typeof name !== 'string' || typeof value !== 'string') {
      return refuse('headers', 'must be a list of [name, value] pairs')
    }
    refuseIf('headers', headerNameFault(name) ?? headerValueFault(name, value))
    if (OF_THE_ORIGIN.has(name.toLowerCase())) refuse('headers', `cannot set ${name}`)
    return [name, value]
  })
  refuseIf('headers', headersSizeFault(headers))
  const response = { status: status as number, headers, body }
  refuseIf('body', bodyFault(response))
  return response
}

/** In one line, for a log. */
export function describeResponse({ status, headers, body }: TriggerResponse): string {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  const size = body === null ? 'no body' : `${body.length} bytes`
  return [status, ...(body !== null && type !== undefined ? [type] : []), size].join(', ')
}

function read(options: unknown): Partial<Record<Option, unknown>> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(
      `$respond: expected an options object such as {status, headers, body}, got ${show(options)}`,
    )
  }
  const given: Partial<Record<Option, unknown>> = {}
  for (const key of Reflect.ownKeys(options)) {
    if (!(OPTIONS as readonly unknown[]).includes(key)) {
      const meant = MEANT.get(String(key).toLowerCase())
      const hint = meant ? `, did you mean ${meant}?` : `, known are ${OPTIONS.join(', ')}`
      throw new TypeError(`$respond: unknown option "${String(key)}"${hint}`)
    }
    given[key as Option] = (options as typeof given)[key as Option]
  }
  return given
}

function statusFault(status: unknown): string | undefined {
  if (isIntegerIn(status, 200, 599)) return undefined
  return `must be a whole number from 200 to 599, it is ${show(status)}`
}

function bodyFault({ status, body }: TriggerResponse): string | undefined {
  if (body === null) return undefined
  if (BODILESS.has(status) && body.length > 0)
    return `cannot go with status ${status}, leave it out`
  if (body.length <= limits.responseBodyBytes) return undefined
  return `has ${body.length} bytes, the limit is ${limits.responseBodyBytes}`
}

function readHeaders(value: unknown, warnings: string[]): HeaderPair[] {
  if (typeof value !== 'object' || value === null) {
    refuse('headers', `must be an object, it is ${show(value)}`)
  }
  const entries: readonly unknown[] =
    Symbol.iterator in value ? Array.from(value as Iterable<unknown>) : Object.entries(value)
  return entries.flatMap((entry): HeaderPair[] => {
    const [name, given] = Array.isArray(entry) ? (entry as unknown[]) : []
    if (typeof name !== 'string') {
      return refuse('headers', 'must be an object or a list of [name, value] pairs')
    }
    refuseIf('headers', headerNameFault(name))
    const values: readonly unknown[] = Array.isArray(given) ? given : [given]
    const lines = values.map((item): HeaderPair => [name, headerText(name, item)])
    if (!OF_THE_ORIGIN.has(name.toLowerCase())) return lines
    warnings.push(
      `$respond: "headers" has ${name}, which was left out: it would concern every page of this server`,
    )
    return []
  })
}

function headerText(name: string, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    return refuse(
      'headers',
      `has ${show(value)} as the value of ${name}: give text, or leave it out`,
    )
  }
  const text = String(value)
  refuseIf('headers', headerValueFault(name, text))
  return text
}

/** As the data of a send, under this call's own name. */
function serialise(
  value: unknown,
  contentType: string | undefined,
): ReturnType<typeof serialiseData> {
  if (value === null) return { body: null, contentType: null }
  try {
    return serialiseData(value, contentType)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const message = error.message.replace('$send.http: "data"', '$respond: "body"')
    throw new TypeError(message, { cause: error })
  }
}

function refuse(option: Option, fault: string): never {
  throw new TypeError(`$respond: "${option}" ${fault}`)
}

function refuseIf(option: Option, fault: string | undefined): void {
  if (fault !== undefined) refuse(option, fault)
}
