/**
 * What the API is given as a workflow becomes a `Definition`: every key known, every bound held, every
 * default filled in. What is wrong is a `workflow_invalid` or `step_invalid` that says what to change.
 * Whether code parses is not decided here (execution/compile.ts), nor whether an address may be reached
 * (egress/).
 */
import { AppError, assertNever } from '../errors.ts'
import { limits } from './limits.ts'
import {
  headerNameFault,
  headerValueFault,
  isIntegerIn,
  methodFault,
  retryFault,
  show,
  urlFault,
} from './send-rules.ts'
import { setField } from './fields.ts'
import { variableNameFault } from './variable.ts'
import type { Definition, RetryPolicy, Step, WebhookStep, WorkflowSettings } from './workflow.ts'

type Json = Readonly<Record<string, unknown>>
/** Says why not; each noun has its own. */
type Refuse = (reason: string) => never
type NamedStep = {
  readonly step: Json
  readonly type: Step['type']
  readonly name: string | undefined
}

/** A step's name where none is given; the second of a kind is `nodejs_2`. */
const DEFAULT_NAMES = { code: 'nodejs', webhook: 'webhook', note: 'note' } as const
const KEYS = {
  code: ['type', 'name', 'code'],
  webhook: ['type', 'name', 'url', 'payload', 'method', 'headers', 'params', 'auth', 'retry'],
  note: ['type', 'name', 'text'],
} as const
/** What `steps` holds besides the steps, and what no plain object can hold. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['trigger', '__proto__'])

/** Checks the body of a create or save call. Throws AppError `workflow_invalid` or `step_invalid`. */
export function checkDefinition(body: unknown): Definition {
  const workflow = record(body, 'the body', refuseWorkflow)
  knownKeys(workflow, ['name', 'steps', 'settings'], 'the body', refuseWorkflow)
  const { name, steps, settings } = workflow
  if (typeof name !== 'string' || name.trim() === '')
    refuseWorkflow('name is required, give it text')
  if (name.length > limits.workflowNameLength) {
    refuseWorkflow(`name has ${name.length} characters, the limit is ${limits.workflowNameLength}`)
  }
  if (!Array.isArray(steps)) refuseWorkflow('steps is required, give it a list')
  if (steps.length > limits.stepsPerWorkflow) {
    refuseWorkflow(`it has ${steps.length} steps, the limit is ${limits.stepsPerWorkflow}`)
  }
  return { name, steps: checkStepList(steps), settings: checkSettings(settings ?? {}) }
}

function checkStepList(steps: readonly unknown[]): readonly Step[] {
  const taken = new Set<string>()
  const named = steps.map((candidate, index): NamedStep => {
    const refuse: Refuse = refuseStep(`${index + 1}`)
    const step = record(candidate, 'a step', refuse)
    const { type, name } = step
    if (type !== 'code' && type !== 'webhook' && type !== 'note') {
      refuse(`type must be "code", "webhook" or "note", it is ${show(type)}`)
    }
    if (name === undefined) return { step, type, name: undefined }
    const own = checkName(name, refuse)
    if (taken.has(own)) refuse(`its name ${show(own)} is taken, choose another`)
    taken.add(own)
    return { step, type, name: own }
  })
  return named.map(({ step, type, name }) =>
    checkStep(step, type, name ?? freeName(DEFAULT_NAMES[type], taken)),
  )
}

function checkName(name: unknown, refuse: Refuse): string {
  if (typeof name !== 'string' || name.trim() === '') refuse('name must be text')
  if (name.length > limits.stepNameLength) {
    refuse(`name has ${name.length} characters, the limit is ${limits.stepNameLength}`)
  }
  // It is a key of `steps`, part of an address, and a line in lists.
  if (name !== name.trim() || /\p{Cc}|\p{Cs}|[\u2028\u2029]/u.test(name)) {
    refuse('name cannot begin or end with a space, or hold line breaks or control characters')
  }
  if (RESERVED_NAMES.has(name)) refuse(`name cannot be ${show(name)}, choose another`)
  return name
}

function freeName(base: string, taken: Set<string>): string {
  let name = base
  for (let number = 2; taken.has(name); number++) name = `${base}_${number}`
  taken.add(name)
  return name
}

function checkStep(step: Json, type: Step['type'], name: string): Step {
  const refuse: Refuse = refuseStep(name)
  knownKeys(step, KEYS[type], `a ${type} step`, refuse)
  switch (type) {
    case 'code':
      return { type, name, code: text(step, 'code', refuse) }
    case 'note':
      return { type, name, text: text(step, 'text', refuse) }
    case 'webhook':
      return checkWebhook(step, name, refuse)
    default:
      return assertNever(type)
  }
}

function checkWebhook(step: Json, name: string, refuse: Refuse): WebhookStep {
  const url = text(step, 'url', refuse)
  if (url.trim() === '') refuse('url is required')
  const webhook: WebhookStep = {
    type: 'webhook',
    name,
    url,
    ...optional(step, 'payload', (key) => text(step, key, refuse)),
    ...optional(step, 'method', (key) => text(step, key, refuse)),
    ...optional(step, 'headers', (key) => texts(step, key, refuse)),
    ...optional(step, 'params', (key) => texts(step, key, refuse)),
    ...optional(step, 'auth', (key) => checkAuth(step[key], refuse)),
    ...optional(step, 'retry', (key) => checkRetry(step[key], key, refuse)),
  }
  checkFixedTexts(webhook, refuse)
  return webhook
}

/** What has no `{{expression}}` in it can be judged now; the rest when it is sent. */
function checkFixedTexts({ url, method, headers = {} }: WebhookStep, refuse: Refuse): void {
  if (isFixed(url)) {
    const parsed = URL.parse(url)
    if (!parsed) refuse(`url must be a full URL such as https://example.com/, it is ${show(url)}`)
    refuseIf(urlFault(parsed), 'url', refuse)
  }
  if (method && isFixed(method)) refuseIf(methodFault(method), 'method', refuse)
  for (const [name, value] of Object.entries(headers)) {
    if (isFixed(name)) refuseIf(headerNameFault(name), 'headers', refuse)
    if (isFixed(value)) refuseIf(headerValueFault(name, value), 'headers', refuse)
  }
}

function checkAuth(value: unknown, refuse: Refuse): { username: string; password: string } {
  const auth = record(value, 'auth', refuse)
  knownKeys(auth, ['username', 'password'], 'auth', refuse)
  return { username: text(auth, 'username', refuse), password: text(auth, 'password', refuse) }
}

function checkRetry(value: unknown, key: string, refuse: Refuse): RetryPolicy {
  refuseIf(retryFault(value), key, refuse)
  return value as RetryPolicy
}

function checkSettings(value: unknown): WorkflowSettings {
  const refuse = refuseWorkflow
  const given = record(value, 'settings', refuse)
  const settings: WorkflowSettings = {
    timeoutMs: whole(given, 'timeoutMs', limits.runTimeoutMs, [
      limits.runTimeoutMsMin,
      limits.runTimeoutMsMax,
    ]),
    memoryMb: whole(given, 'memoryMb', limits.runMemoryMb, [
      limits.runMemoryMbMin,
      limits.runMemoryMbMax,
    ]),
    rate: checkRate(given['rate'] ?? {}),
    deliverOnError: flag(given, 'deliverOnError', true),
    resendInterrupted: flag(given, 'resendInterrupted', true),
    retry:
      (given['retry'] ?? null) === null
        ? null
        : checkRetry(given['retry'], 'settings.retry', refuse),
    signing: checkSigning(given['signing'] ?? null),
    response: checkResponse(given['response'] ?? 'default'),
    isolation: checkIsolation(given['isolation'] ?? 'warm'),
    triggerAuth: checkTriggerAuth(given['triggerAuth'] ?? null),
  }
  knownKeys(given, Object.keys(settings), 'settings', refuse)
  return settings
}

function checkRate(value: unknown): WorkflowSettings['rate'] {
  const rate = record(value, 'settings.rate', refuseWorkflow)
  knownKeys(rate, ['perSecond', 'burst'], 'settings.rate', refuseWorkflow)
  return {
    perSecond: whole(rate, 'perSecond', limits.ratePerSecond, [1, limits.ratePerSecondMax]),
    burst: whole(rate, 'burst', limits.rateBurst, [1, limits.rateBurstMax]),
  }
}

/** `{}` is enough to ask for it. */
function checkTriggerAuth(value: unknown): WorkflowSettings['triggerAuth'] {
  if (value === null) return null
  const noun = 'settings.triggerAuth'
  const auth = record(value, noun, refuseWorkflow)
  knownKeys(auth, ['type', 'variable'], noun, refuseWorkflow)
  const { type, variable } = auth
  if (type !== 'bearer' && type !== 'signature') {
    return refuseWorkflow(`${noun}.type must be "bearer" or "signature", it is ${show(type)}`)
  }
  if (typeof variable !== 'string') {
    return refuseWorkflow(`${noun}.variable must name the variable that holds the secret`)
  }
  const fault = variableNameFault(variable)
  if (fault !== undefined) refuseWorkflow(`${noun}.variable is not a variable: ${fault}`)
  return { type, variable }
}

function checkSigning(value: unknown): WorkflowSettings['signing'] {
  if (value === null) return null
  const signing = record(value, 'settings.signing', refuseWorkflow)
  knownKeys(signing, ['version'], 'settings.signing', refuseWorkflow)
  const version = signing['version'] ?? 'v1'
  if (version === 'v1') return { version }
  return refuseWorkflow(`settings.signing.version must be "v1", it is ${show(version)}`)
}

function checkIsolation(value: unknown): WorkflowSettings['isolation'] {
  if (value === 'warm' || value === 'run') return value
  return refuseWorkflow(`settings.isolation must be "warm" or "run", it is ${show(value)}`)
}

function checkResponse(value: unknown): WorkflowSettings['response'] {
  if (value === 'default' || value === 'custom') return value
  return refuseWorkflow(`settings.response must be "default" or "custom", it is ${show(value)}`)
}

function whole(
  values: Json,
  key: string,
  byDefault: number,
  [least, most]: [number, number],
): number {
  const value = values[key] ?? byDefault
  if (isIntegerIn(value, least, most)) return value
  return refuseWorkflow(
    `${key} must be a whole number from ${least} to ${most}, it is ${show(value)}`,
  )
}

function flag(values: Json, key: string, byDefault: boolean): boolean {
  const value = values[key] ?? byDefault
  if (typeof value === 'boolean') return value
  return refuseWorkflow(`settings.${key} must be true or false, it is ${show(value)}`)
}

function text(values: Json, key: string, refuse: Refuse): string {
  const value = values[key]
  if (value === undefined) refuse(`${key} is required`)
  if (typeof value !== 'string') refuse(`${key} must be text, it is ${show(value)}`)
  const bytes = Buffer.byteLength(value)
  if (bytes > limits.stepCodeBytes) {
    refuse(`${key} has ${bytes} bytes, the limit is ${limits.stepCodeBytes}`)
  }
  return value
}

function texts(values: Json, key: string, refuse: Refuse): Readonly<Record<string, string>> {
  const given = record(values[key], key, refuse)
  const read: Record<string, string> = {}
  for (const name of Object.keys(given)) setField(read, name, text(given, name, refuse))
  return read
}

/** A key that may be absent; null means absent too, which is what a cleared form field sends. */
function optional<Key extends string, Value>(
  values: Json,
  key: Key,
  read: (key: Key) => Value,
): { [K in Key]?: Value } {
  const absent = values[key] === undefined || values[key] === null
  return absent ? {} : ({ [key]: read(key) } as { [K in Key]?: Value })
}

function record(value: unknown, noun: string, refuse: Refuse): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  return refuse(`${noun} must be an object, it is ${show(value)}`)
}

function knownKeys(values: Json, known: readonly string[], noun: string, refuse: Refuse): void {
  const unknown = Object.keys(values).find((key) => !known.includes(key))
  if (unknown !== undefined) {
    refuse(`${noun} has the unknown key ${show(unknown)}, known are ${known.join(', ')}`)
  }
}

const isFixed = (value: string): boolean => !value.includes('{{')

function refuseIf(fault: string | undefined, key: string, refuse: Refuse): void {
  if (fault !== undefined) refuse(`${key} ${fault}`)
}

function refuseWorkflow(reason: string): never {
  throw new AppError('workflow_invalid', { reason })
}

function refuseStep(step: string): Refuse {
  return (reason) => {
    throw new AppError('step_invalid', { step, reason })
  }
}
