/**
 * A workflow while it is edited: the steps as their forms hold them. Fields of the Action that a person
 * fills line by line are lists here and records when they are saved; what is empty is left out.
 *
 * Every step keeps its `key` through all changes, so that its editor keeps its place, and the name under
 * which it was saved, so that what a run recorded is still found under it.
 */
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'

export type StepWire = WorkflowWire['steps'][number]
type WebhookWire = Extract<StepWire, { type: 'webhook' }>

export type Pair = { readonly name: string; readonly value: string }

type Identity = { readonly key: string; readonly savedName: string | null; readonly name: string }
export type DraftCode = Identity & { readonly type: 'code'; readonly code: string }
export type DraftNote = Identity & { readonly type: 'note'; readonly text: string }
export type DraftWebhook = Identity & {
  readonly type: 'webhook'
  readonly url: string
  readonly payload: string
  readonly method: string
  readonly headers: readonly Pair[]
  readonly params: readonly Pair[]
  readonly username: string
  readonly password: string
  readonly retry: WebhookWire['retry']
}
export type DraftStep = DraftCode | DraftNote | DraftWebhook
export type StepType = DraftStep['type']

export type Draft = { readonly name: string; readonly steps: readonly DraftStep[] }

const NAMES = { code: 'nodejs', webhook: 'webhook', note: 'note' } as const

type Definition = Pick<WorkflowWire, 'name' | 'steps'>

/** A saved definition, to be edited. */
export function draftOf({ name, steps }: Definition): Draft {
  return { name, steps: steps.map(draftStep) }
}

function draftStep(step: StepWire): DraftStep {
  const identity = { key: `saved ${step.name}`, savedName: step.name, name: step.name }
  if (step.type === 'code') return { ...identity, type: 'code', code: step.code }
  if (step.type === 'note') return { ...identity, type: 'note', text: step.text }
  const { url, payload = '', method = 'POST', headers, params, auth, retry } = step
  return {
    ...identity,
    type: 'webhook',
    url,
    payload,
    method,
    headers: pairsOf(headers),
    params: pairsOf(params),
    username: auth?.username ?? '',
    password: auth?.password ?? '',
    retry,
  }
}

const pairsOf = (record: Readonly<Record<string, string>> = {}): readonly Pair[] =>
  Object.entries(record).map(([name, value]) => ({ name, value }))

/** The steps as the API takes them. */
export function stepsOf({ steps }: Draft): readonly StepWire[] {
  return steps.map(wireStep)
}

function wireStep(step: DraftStep): StepWire {
  const { name } = step
  if (step.type === 'code') return { type: 'code', name, code: step.code }
  if (step.type === 'note') return { type: 'note', name, text: step.text }
  const { url, payload, method, headers, params, username, password, retry } = step
  const verb = method.trim().toUpperCase()
  return {
    type: 'webhook',
    name,
    url: url.trim(),
    ...(payload.trim() === '' ? {} : { payload }),
    ...(verb === '' || verb === 'POST' ? {} : { method: verb }),
    ...record('headers', headers),
    ...record('params', params),
    ...(username === '' && password === '' ? {} : { auth: { username, password } }),
    ...(retry === undefined ? {} : { retry }),
  }
}

function record(key: 'headers' | 'params', pairs: readonly Pair[]) {
  const filled = pairs.filter(({ name, value }) => name !== '' || value !== '')
  if (filled.length === 0) return {}
  return { [key]: Object.fromEntries(filled.map(({ name, value }) => [name.trim(), value])) }
}

/** Whether saving the draft would change what is saved. */
export function isChanged(draft: Draft, saved: Definition): boolean {
  const now = { name: draft.name.trim(), steps: stepsOf(draft) }
  const before = { name: saved.name, steps: stepsOf(draftOf(saved)) }
  return JSON.stringify(now) !== JSON.stringify(before)
}

/** Whether a step differs from the one that was saved under its name. */
export function isStepChanged(step: DraftStep, saved: readonly StepWire[]): boolean {
  const before = saved.find(({ name }) => name === step.savedName)
  return !before || JSON.stringify(wireStep(step)) !== JSON.stringify(wireStep(draftStep(before)))
}

/** After a save: what was saved is the draft, and every step keeps its editor. */
export function rebased(draft: Draft, saved: Definition): Draft {
  const names = new Set(saved.steps.map(({ name }) => name))
  const steps = draft.steps.map((step) => ({
    ...step,
    savedName: names.has(step.name) ? step.name : null,
  }))
  return { ...draft, steps }
}

export function freeName(draft: Draft, base: string): string {
  const taken = new Set(draft.steps.map(({ name }) => name))
  let name = base
  for (let number = 2; taken.has(name); number++) name = `${base}_${number}`
  return name
}

/** A new, empty step before the one at `at`. */
export function withStep(draft: Draft, at: number, type: StepType): Draft {
  const name = freeName(draft, NAMES[type])
  return inserted(draft, at, emptyStep(type, { key: freeKey(draft), savedName: null, name }))
}

function emptyStep(type: StepType, identity: Identity): DraftStep {
  if (type === 'code') return { ...identity, type, code: '' }
  if (type === 'note') return { ...identity, type, text: '' }
  return {
    ...identity,
    type,
    url: '',
    payload: '$event.body',
    method: 'POST',
    headers: [],
    params: [],
    username: '',
    password: '',
    retry: undefined,
  }
}

export function withDuplicate(draft: Draft, key: string): Draft {
  const at = draft.steps.findIndex((step) => step.key === key)
  const step = draft.steps[at]
  if (!step) return draft
  const name = freeName(draft, step.name.replace(/_\d+$/, ''))
  return inserted(draft, at + 1, { ...step, key: freeKey(draft), savedName: null, name })
}

export function withoutStep(draft: Draft, key: string): Draft {
  return { ...draft, steps: draft.steps.filter((step) => step.key !== key) }
}

/** Moves a step up (-1) or down (1); at the end of the list it stays. */
export function withMoved(draft: Draft, key: string, by: 1 | -1): Draft {
  const at = draft.steps.findIndex((step) => step.key === key)
  const step = draft.steps[at]
  if (!step || draft.steps[at + by] === undefined) return draft
  return { ...draft, steps: draft.steps.toSpliced(at, 1).toSpliced(at + by, 0, step) }
}

export function withChange(draft: Draft, key: string, change: Partial<DraftStep>): Draft {
  const steps = draft.steps.map((step) =>
    step.key === key ? ({ ...step, ...change } as DraftStep) : step,
  )
  return { ...draft, steps }
}

const inserted = (draft: Draft, at: number, step: DraftStep): Draft => ({
  ...draft,
  steps: draft.steps.toSpliced(at, 0, step),
})

function freeKey({ steps }: Draft): string {
  const numbers = steps.map(({ key }) => Number(/^new (\d+)$/.exec(key)?.[1] ?? 0))
  return `new ${Math.max(0, ...numbers) + 1}`
}
