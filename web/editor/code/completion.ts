/** Completion in steps: real paths and values, options of `$send.http`, and what the language offers. */
import { autocompletion, insertCompletionText, snippet } from '@codemirror/autocomplete'
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import { typescriptLanguage } from '@codemirror/lang-javascript'
import { syntaxTree } from '@codemirror/language'
import type { EditorView } from '@codemirror/view'
import { completionsAt } from '../../model/complete.ts'
import type { Choice, Scope } from '../../model/complete.ts'
import { sendOptions } from '../../model/send-options.ts'
import { optionsAround } from './send-calls.ts'

/** Longest text before the cursor that a path is looked for in. */
const LOOK_BACK = 400

/** While this is typed, what was found stays what fits. */
const TYPED = /^(?:[\p{L}\p{N}_$-]*|\[\s*["']?[\p{L}\p{N}_$ -]*)$/u

const CALL = 'http({\n  method: "${POST}",\n  url: "${https://}",\n  data: ${$event.body},\n})'

/** `scope` is asked at each completion, as the selected event changes. */
export function stepCompletion(scope: () => Scope) {
  return [
    autocompletion({ icons: false, closeOnBlur: true, maxRenderedOptions: 100 }),
    typescriptLanguage.data.of({ autocomplete: optionSource }),
    typescriptLanguage.data.of({
      autocomplete: (context: CompletionContext) => pathSource(context, scope()),
    }),
  ]
}

function pathSource({ state, pos }: CompletionContext, scope: Scope): CompletionResult | null {
  const node = syntaxTree(state).resolveInner(pos, -1)
  if (node.name.endsWith('Comment')) return null
  if (node.name === 'String' && state.sliceDoc(node.from - 1, node.from) !== '[') return null
  const start = Math.max(0, pos - LOOK_BACK)
  const found = completionsAt(state.sliceDoc(start, pos), scope)
  if (!found) return null
  return {
    from: start + found.from,
    options: found.choices.map((choice, at) => completionOf(choice, found.choices.length - at)),
    ...(found.isCut ? {} : { validFor: TYPED }),
  }
}

/** `rank` keeps the order of the event: the first key first. */
function completionOf(choice: Choice, rank: number): Completion {
  const { label, apply, detail, kind, back } = choice
  return {
    label,
    detail,
    type: kind,
    boost: Math.min(99, rank),
    apply: apply.endsWith('http({')
      ? snippet(apply.replace('http({', CALL))
      : (view: EditorView, _: Completion, from: number, to: number) => {
          const end = apply.endsWith(']') ? to + closedBehind(view, to) : to
          view.dispatch(insertCompletionText(view.state, apply, from - back, end))
        },
  }
}

/** A quote and bracket that were closed while they were typed. */
function closedBehind(view: EditorView, at: number): number {
  return /^["']?\]/.exec(view.state.sliceDoc(at, at + 2))?.[0].length ?? 0
}

function optionSource(context: CompletionContext): CompletionResult | null {
  const { state, pos, explicit } = context
  const given = optionsAround(state, pos)
  if (!given) return null
  const word = context.matchBefore(/\w*/)
  if (!explicit && (!word || word.from === word.to)) return null
  const from = word?.from ?? pos
  const taken = new Set(given.filter(({ to }) => to !== pos).map(({ name }) => name))
  return {
    from,
    options: sendOptions
      .filter(({ name }) => !taken.has(name))
      .map(({ name, type, info, value }, at) => ({
        label: name,
        detail: type,
        info,
        type: 'property',
        boost: 99 - at,
        apply: snippet(`${name}: ${value.includes('{') ? value : `\${${value}}`},`),
      })),
    validFor: /^\w*$/,
  }
}
