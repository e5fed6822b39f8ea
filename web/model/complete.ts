/**
 * What can stand behind a dot: paths that the selected event really has, with their values; exports of
 * earlier steps; names of variables. Works on the text in front of the cursor, so it needs no parser and
 * is right in half-written code too.
 */
import { shortJson } from './json-preview.ts'

export type Scope = {
  /** `$event` as the step sees it; null while no event is selected. */
  readonly event: unknown
  /** Exports of the earlier steps, by name; empty where none is known. */
  readonly steps: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly variables: readonly string[]
}

export type Choice = {
  readonly label: string
  /** What replaces the text from `from` on. */
  readonly apply: string
  readonly detail: string
  readonly kind: 'property' | 'method' | 'variable' | 'function'
  /** Characters in front of `from` that it replaces too: the dot, where a key is no name. */
  readonly back: number
}

export type Choices = {
  readonly from: number
  readonly choices: readonly Choice[]
  /** There are more: what is typed next may fit one that is not among these. */
  readonly isCut: boolean
}

const DETAIL = 48
const SHOWN = 200
const IDENTIFIER = /^[\p{L}_$][\p{L}\p{N}_$]*$/u

/** A root word, then `.name`, `["name"]` and `[0]`, then what is being typed. */
const CHAIN =
  /(?:^|[^\w$.])(\$event|\$context|\$send|steps|process)((?:\s*\??\.\s*[\p{L}_$][\p{L}\p{N}_$]*|(?:\?\.)?\[(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\d+)\])*)(\s*\??\.\s*|\[\s*["']?)([\p{L}\p{N}_$-]*)$/u
const PART = /\.\s*([\p{L}_$][\p{L}\p{N}_$]*)|\[("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\d+)\]/gu
const WORD = /(?:^|[^\w$.])(\$[\w$]*|[a-z]{2,})$/

/** `before`: the text up to the cursor, of one line or more. Null where nothing of ours fits. */
export function completionsAt(before: string, scope: Scope): Choices | null {
  const chain = CHAIN.exec(before)
  if (!chain) return wordsAt(before)
  const [, root = '', path = '', opener = '', typed = ''] = chain
  const value = valueAt(rootOf(root, scope), path)
  const end = before.length - typed.length
  const inBrackets = opener.trim().startsWith('[')
  const entries = entriesOf(value)
  const fitting = entries.length > SHOWN ? holding(entries, typed) : entries
  const choices = inBrackets
    ? fitting.map(([key, child]) => bracketChoice(key, child))
    : [...fitting.map((entry) => dotChoice(entry, opener)), ...methodsOf(value, root, path)]
  if (choices.length === 0) return null
  const from = inBrackets ? end - opener.length : end
  return { from, choices, isCut: fitting !== entries }
}

type Entry = readonly [key: string | number, value: unknown]

/** Of thousands of keys, those that what is typed stands in; each choice costs the page something. */
function holding(entries: readonly Entry[], typed: string): readonly Entry[] {
  const word = typed.toLowerCase()
  return entries.filter(([key]) => String(key).toLowerCase().includes(word)).slice(0, SHOWN)
}

function dotChoice([key, child]: Entry, opener: string): Choice {
  if (typeof key !== 'string' || !IDENTIFIER.test(key)) {
    const isOptional = opener.includes('?')
    const choice = bracketChoice(key, child)
    const apply = isOptional ? `?.${choice.apply}` : choice.apply
    return { ...choice, label: String(key), apply, back: opener.length }
  }
  return { label: key, apply: key, detail: detailOf(child), kind: 'property', back: 0 }
}

function bracketChoice(key: string | number, child: unknown): Choice {
  const text = bracketed(key)
  return { label: text, apply: text, detail: detailOf(child), kind: 'property', back: 0 }
}

const bracketed = (key: string | number): string => `[${JSON.stringify(key)}]`

function entriesOf(value: unknown): readonly Entry[] {
  if (Array.isArray(value)) return value.slice(0, 20).map((item, i) => [i, item] as const)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value)
}

function detailOf(value: unknown): string {
  if (typeof value === 'function') return (value as () => string)()
  const text = shortJson(value)
  return text.length > DETAIL ? `${text.slice(0, DETAIL - 1)}…` : text
}

/** A leaf that has no value yet and is described instead. */
const described = (text: string) => () => text

function rootOf(root: string, { event, steps, variables }: Scope): unknown {
  switch (root) {
    case '$event':
      return event ?? EVENT
    case '$context':
      return CONTEXT
    case '$send':
      return {}
    case 'steps':
      return { trigger: { event: event ?? EVENT }, ...steps }
    default:
      return {
        env: Object.fromEntries(variables.map((name) => [name, described('variable')])),
      }
  }
}

const EVENT = {
  method: described('the method'),
  url: described('the whole address'),
  path: described('what follows the key'),
  query: {},
  headers: {},
  body: described('JSON, form fields, text or base64'),
  inferred_body_type: described('JSON, FORM, MULTIPART_FORM, TEXT, BINARY or EMPTY'),
  client_ip: described('where it came from'),
  proto: described('the request as it came'),
}

const CONTEXT = {
  id: described('of the event'),
  ts: described('when it arrived'),
  workflow_id: described('of the workflow'),
  workflow_name: described('its name'),
  version: described('that runs'),
  replay_of: described('the origin of a replay, or null'),
  test: described('true in a test'),
}

function valueAt(root: unknown, path: string): unknown {
  let value = root
  for (const [, name, literal] of path.matchAll(PART)) {
    const key = name ?? keyOf(literal!)
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

function keyOf(literal: string): string {
  if (literal.startsWith('"')) {
    try {
      return JSON.parse(literal) as string
    } catch {
      return '' // An escape that JSON does not have: no such key here.
    }
  }
  return literal.startsWith("'") ? literal.slice(1, -1) : literal
}

const method = (label: string, detail: string, apply = `${label}(`): Choice => ({
  label,
  apply,
  detail,
  kind: 'method',
  back: 0,
})

function methodsOf(value: unknown, root: string, path: string): readonly Choice[] {
  if (root === '$send' && path === '') return [method('http', 'sends after the run', 'http({')]
  if (Array.isArray(value)) {
    return [
      { ...method('length', String(value.length), 'length'), kind: 'property' },
      method('map', 'each item to another'),
      method('filter', 'the items that pass'),
      method('find', 'the first that passes'),
      method('forEach', 'for each item'),
    ]
  }
  return []
}

const word = (label: string, detail: string, end = ''): Choice => ({
  label,
  apply: label + end,
  detail,
  kind: end === '' ? 'variable' : 'function',
  back: 0,
})

const WORDS: readonly Choice[] = [
  word('$event', 'what came in'),
  word('$send.http', 'delivered after the run', '({'),
  word('$end', 'ends the run, no error', '('),
  word('$respond', 'answers the request', '({'),
  word('$context', 'about this run'),
  word('steps', 'exports of earlier steps'),
  word('process.env', 'your variables'),
  word('console.log', 'to the logs', '('),
]

function wordsAt(before: string): Choices | null {
  const typed = WORD.exec(before)?.[1]
  if (typed === undefined) return null
  const choices = WORDS.filter(({ label }) => label.startsWith(typed) && label !== typed)
  return choices.length === 0 ? null : { from: before.length - typed.length, choices, isCut: false }
}
