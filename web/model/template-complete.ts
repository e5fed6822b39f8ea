/**
 * Completion in text in which `{{expression}}` is replaced: within the braces, what code steps are offered
 * too, as far as it can stand in an expression; outside of them nothing, as that text is as it is.
 */
import { completionsAt } from './complete.ts'
import type { Choice, Scope } from './complete.ts'
import { expressionBefore } from './template-place.ts'

export type TemplateChoices = {
  /** Where the text that a choice replaces begins; it ends at the cursor. */
  readonly from: number
  readonly choices: readonly Choice[]
}

const root = (label: string, detail: string): Choice => ({
  label,
  apply: label,
  detail,
  kind: 'variable',
  back: 0,
})

const ROOTS: readonly Choice[] = [
  root('$event', 'what came in'),
  root('steps', 'exports of earlier steps'),
  root('process.env', 'your variables'),
  root('$context', 'about this run'),
]
const SHOWN = 50

/** Null where nothing of ours fits, and where what fits is there already. */
export function templateChoices(
  text: string,
  cursor: number,
  scope: Scope,
): TemplateChoices | null {
  const expression = expressionBefore(text, cursor)
  if (expression === null) return null
  const start = cursor - expression.length
  if (expression.trim() === '') return { from: cursor, choices: ROOTS }
  const root = /(?:^|[^\w$.\])"'])([$\w]+)$/.exec(expression)?.[1]
  const found = root === undefined ? completionsAt(expression, scope) : rootsFor(expression, root)
  if (!found) return null
  const typed = bare(expression.slice(found.from))
  const fitting = nearestFirst(found.choices, typed).slice(0, SHOWN)
  const isThere = fitting.length === 1 && bare(fitting[0]!.label) === typed
  return fitting.length === 0 || isThere ? null : { from: start + found.from, choices: fitting }
}

function rootsFor(expression: string, typed: string) {
  return { from: expression.length - typed.length, choices: ROOTS, isCut: false }
}

/** What begins with what was typed, then what holds it. */
function nearestFirst(choices: readonly Choice[], typed: string): readonly Choice[] {
  const begins = choices.filter(({ label }) => bare(label).startsWith(typed))
  const holds = choices.filter(({ label }) => bare(label).indexOf(typed) > 0)
  return [...begins, ...holds]
}

/** Without the brackets and quotes of `["first name"]`. */
const bare = (label: string): string => label.replaceAll(/[[\]"']/g, '').toLowerCase()
