/**
 * The code editor itself, loaded when the first step is shown: CodeMirror with what steps are written in,
 * marks from outside, and hints of its own. It knows nothing of React, and of the page only its words.
 *
 * Tab indents; Escape and then Tab leaves, so nobody is caught in here.
 */
import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { javascript } from '@codemirror/lang-javascript'
import { bracketMatching, indentOnInput, indentUnit, syntaxTree } from '@codemirror/language'
import { forceLinting, linter, lintGutter, lintKeymap } from '@codemirror/lint'
import type { Diagnostic } from '@codemirror/lint'
import { search, searchKeymap } from '@codemirror/search'
import { EditorState, StateEffect } from '@codemirror/state'
import type { Text } from '@codemirror/state'
import {
  EditorView,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view'
import type { ViewUpdate } from '@codemirror/view'
import type { Scope } from '../../model/complete.ts'
import { stepCompletion } from './completion.ts'
import { callHints } from './send-calls.ts'
import { theme } from './theme.ts'

export type Mark = {
  readonly line: number | null
  readonly column: number | null
  readonly message: string
  readonly severity: 'error' | 'warning'
}

export type EditorOptions = {
  readonly text: string
  readonly label: string
  readonly hint: string
  readonly scope: () => Scope
  readonly changed: (text: string) => void
}

export type Editor = {
  readonly setText: (text: string) => void
  readonly setMarks: (marks: readonly Mark[]) => void
  /** Puts the cursor there and shows it. */
  readonly goTo: (line: number, column: number) => void
  readonly focus: () => void
  readonly destroy: () => void
}

const LINT_MS = 150

/** Makes an editor in an element that is there for nothing else. */
export function mountEditor(host: HTMLElement, options: EditorOptions): Editor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  let marks: readonly Mark[] = []
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: options.text,
      extensions: [...extensionsOf(options), linter(() => diagnosticsOf(view, marks), lintOptions)],
    }),
  })
  return {
    setText: (text) => {
      if (view.state.doc.toString() === text) return
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
    },
    setMarks: (next) => {
      marks = next
      view.dispatch({ effects: marksChanged.of(null) })
      forceLinting(view)
    },
    goTo: (line, column) => {
      const at = positionOf(view.state.doc, line, column)
      view.dispatch({
        selection: { anchor: at },
        effects: EditorView.scrollIntoView(at, { y: 'center' }),
      })
      view.focus()
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  }
}

/** Without it, lint would wait for the next change of the text. */
const marksChanged = StateEffect.define()

const lintOptions = {
  delay: LINT_MS,
  // The code is read beside the typing, and what is hinted at may not be read by the time of the first look.
  needsRefresh: ({ transactions, startState, state }: ViewUpdate) =>
    syntaxTree(startState) !== syntaxTree(state) ||
    transactions.some(({ effects }) => effects.some((effect) => effect.is(marksChanged))),
}

function extensionsOf({ label, hint, scope, changed }: EditorOptions) {
  return [
    lineNumbers(),
    lintGutter(),
    highlightActiveLineGutter(),
    history(),
    indentOnInput(),
    indentUnit.of('  '),
    EditorState.tabSize.of(2),
    bracketMatching(),
    closeBrackets(),
    search({ top: true }),
    javascript({ typescript: true }),
    stepCompletion(scope),
    placeholder(hint),
    theme,
    keymap.of([
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...lintKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...defaultKeymap,
      indentWithTab,
    ]),
    // It can have the focus without; readers of the page's structure want it said.
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
    EditorView.updateListener.of(({ docChanged, state }) => {
      if (docChanged) changed(state.doc.toString())
    }),
  ]
}

function diagnosticsOf({ state }: EditorView, marks: readonly Mark[]): readonly Diagnostic[] {
  const given = marks.map(({ line, column, message, severity }): Diagnostic => {
    const from = positionOf(state.doc, line ?? 1, column ?? 1)
    return { from, to: endOfWord(state.doc, from), message, severity }
  })
  const hints = callHints(state).map(({ from, to, message, instead }): Diagnostic => {
    const actions = instead === null ? [] : [replacement(instead)]
    return { from, to, message, severity: 'warning', actions }
  })
  return [...given, ...hints]
}

function replacement(insert: string) {
  return {
    name: `Use ${insert}`,
    apply: (view: EditorView, from: number, to: number) =>
      view.dispatch({ changes: { from, to, insert } }),
  }
}

/** Lines and columns count from 1; one that is past the text is its end. */
function positionOf(doc: Text, line: number, column: number): number {
  const { from, to } = doc.line(Math.min(Math.max(1, line), doc.lines))
  return Math.min(from + Math.max(1, column) - 1, to)
}

function endOfWord(doc: Text, from: number): number {
  const line = doc.lineAt(from)
  const word = /^[\p{L}\p{N}_$]+/u.exec(doc.sliceString(from, line.to))
  return Math.min(from + (word?.[0].length ?? 1), line.to)
}
