/**
 * What changed between two saved definitions, step by step: each step as the text a person would write,
 * compared line by line. Steps are the same by their name; their order is that of the newer one.
 */
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'

type Definition = Pick<WorkflowWire, 'name' | 'steps'> & {
  readonly settings?: WorkflowWire['settings']
}
type Step = WorkflowWire['steps'][number]

export type DiffLine = { readonly sign: ' ' | '+' | '−'; readonly text: string }
export type Section = {
  readonly title: string
  readonly change: 'added' | 'removed' | 'changed' | 'moved'
  readonly lines: readonly DiffLine[]
}

/** Lines around a change that are shown with it. */
const AROUND = 3
/** Longer texts are compared as a whole: the table below grows with the square. */
const TABLE = 4_000_000

/** Only what differs. */
export function definitionDiff(before: Definition, after: Definition): readonly Section[] {
  const old = new Map(before.steps.map((step) => [step.name, step]))
  const names = new Set(after.steps.map(({ name }) => name))
  const head = section('Workflow', headText(before), headText(after), false)
  const now = after.steps.flatMap((step) => {
    const was = old.get(step.name)
    if (!was) {
      const lines = folded(lineDiff('', textOf(step)))
      return [{ title: titleOf(step), change: 'added', lines } as const]
    }
    const isMoved =
      orderOf(before, step.name, names) !== orderOf(after, step.name, new Set(old.keys()))
    return section(titleOf(step), textOf(was), textOf(step), isMoved) ?? []
  })
  const gone = before.steps
    .filter(({ name }) => !names.has(name))
    .map((step): Section => {
      const lines = folded(lineDiff(textOf(step), ''))
      return { title: titleOf(step), change: 'removed', lines }
    })
  return [...(head ? [head] : []), ...now, ...gone]
}

const titleOf = ({ name, type }: Step): string => `${name} · ${type}`

/** The place among the steps that both versions have. */
const orderOf = ({ steps }: Definition, name: string, shared: ReadonlySet<string>): number =>
  steps.filter((step) => shared.has(step.name)).findIndex((step) => step.name === name)

function section(title: string, before: string, after: string, always: boolean): Section | null {
  if (before === after) return always ? { title, change: 'moved', lines: [] } : null
  return { title, change: 'changed', lines: folded(lineDiff(before, after)) }
}

function headText({ name, settings }: Definition): string {
  const rows = Object.entries(settings ?? {}).map(
    ([key, value]) => `${key}: ${JSON.stringify(value)}`,
  )
  return [`name: ${name}`, ...rows].join('\n')
}

function textOf(step: Step): string {
  if (step.type === 'code') return step.code
  if (step.type === 'note') return step.text
  const { method = 'POST', url, headers = {}, params = {}, auth, retry, payload } = step
  return [
    `${method} ${url}`,
    ...Object.entries(params).map(([name, value]) => `query ${name} = ${value}`),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(auth ? [`auth ${auth.username}`] : []),
    ...(retry === undefined ? [] : [`retry ${JSON.stringify(retry)}`]),
    ...(payload === undefined ? [] : ['', payload]),
  ].join('\n')
}

/** The shortest way from one text to the other, by its longest common lines. */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const old = before === '' ? [] : before.split('\n')
  const now = after === '' ? [] : after.split('\n')
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start++
  let end = 0
  while (
    end < old.length - start &&
    end < now.length - start &&
    old.at(-1 - end) === now.at(-1 - end)
  )
    end++
  const same = (lines: readonly string[]) => lines.map((text): DiffLine => ({ sign: ' ', text }))
  return [
    ...same(now.slice(0, start)),
    ...middle(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ...same(now.slice(now.length - end)),
  ]
}

function middle(old: readonly string[], now: readonly string[]): readonly DiffLine[] {
  const gone = (text: string): DiffLine => ({ sign: '−', text })
  const come = (text: string): DiffLine => ({ sign: '+', text })
  if (old.length * now.length > TABLE) return [...old.map(gone), ...now.map(come)]
  const width = now.length + 1
  const common = new Uint32Array((old.length + 1) * width)
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      common[i * width + j] =
        old[i] === now[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!)
    }
  }
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ sign: ' ', text: old[i]! })
      i++
      j++
    } else if (
      i < old.length &&
      (j === now.length || common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    ) {
      lines.push(gone(old[i++]!))
    } else lines.push(come(now[j++]!))
  }
  return lines
}

/** Leaves out what is far from any change, with a line that says so. */
function folded(lines: readonly DiffLine[]): readonly DiffLine[] {
  const isNear = lines.map((_, at) =>
    lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(({ sign }) => sign !== ' '),
  )
  return lines.flatMap((line, at): DiffLine[] => {
    if (isNear[at]) return [line]
    return at === 0 || isNear[at - 1] ? [{ sign: ' ', text: '…' }] : []
  })
}
