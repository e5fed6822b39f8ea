/**
 * `$send.http({ ... })` in the syntax tree: where the cursor is among its options, and what is wrong with
 * them. Only a literal object is looked at; options that are put together elsewhere are the server's.
 */
import { syntaxTree } from '@codemirror/language'
import type { EditorState } from '@codemirror/state'
import { missingOptions, optionHint } from '../../model/send-options.ts'

type SyntaxNode = ReturnType<typeof syntaxTree>['topNode']

export type OptionName = { readonly name: string; readonly from: number; readonly to: number }

export type CallHint = {
  readonly from: number
  readonly to: number
  readonly message: string
  /** What would put it right at this place, or null. */
  readonly instead: string | null
}

/** The options object of a `$send.http` call that the position is directly in, if any. */
export function optionsAround(state: EditorState, at: number): readonly OptionName[] | null {
  let node: SyntaxNode | null = syntaxTree(state).resolveInner(at, -1)
  // A name, a property that is being typed, or the braces themselves.
  while (node && node.name !== 'ObjectExpression') {
    if (!/^(Property|PropertyDefinition|VariableName|\{|,|⚠|Error)$/.test(node.name)) return null
    if (node.name === 'Property' && node.getChild(':') && node.getChild(':')!.to <= at) return null
    node = node.parent
  }
  return node && isSendOptions(state, node) ? optionNames(state, node) : null
}

/** What can be said about every call of a text. */
export function callHints(state: EditorState): readonly CallHint[] {
  const hints: CallHint[] = []
  syntaxTree(state).iterate({
    enter: (node) => {
      if (node.name === 'ObjectExpression' && isSendOptions(state, node.node)) {
        hints.push(...hintsOf(state, node.node))
      }
    },
  })
  return hints
}

function hintsOf(state: EditorState, options: SyntaxNode): readonly CallHint[] {
  const names = optionNames(state, options)
  const unknown = names.flatMap(({ name, from, to }): CallHint[] => {
    const hint = optionHint(name)
    return hint ? [{ from, to, message: hint.message, instead: hint.meant }] : []
  })
  const meant = unknown.flatMap(({ instead }) => (instead === null ? [] : [instead]))
  const missing = missingOptions([...names.map(({ name }) => name), ...meant])
  if (missing.length === 0 || options.getChild('Spread') || isUnfinished(options)) return unknown
  const { from } = options
  const message = `$send.http needs ${missing.join(' and ')}`
  return [...unknown, { from, to: from + 1, message, instead: null }]
}

const isUnfinished = (options: SyntaxNode): boolean => options.lastChild?.name !== '}'

function isSendOptions(state: EditorState, options: SyntaxNode): boolean {
  const call = options.parent?.name === 'ArgList' ? options.parent.parent : null
  if (
    call?.name !== 'CallExpression' ||
    options.parent?.firstChild?.nextSibling?.from !== options.from
  )
    return false
  const callee = call.firstChild
  return callee !== null && /^\$send\s*\.\s*http$/.test(state.sliceDoc(callee.from, callee.to))
}

function optionNames(state: EditorState, options: SyntaxNode): readonly OptionName[] {
  return options.getChildren('Property').flatMap((property) => {
    const key = property.firstChild
    if (!key || !/^(PropertyDefinition|VariableDefinition|VariableName|String)$/.test(key.name))
      return []
    const text = state.sliceDoc(key.from, key.to)
    const name = key.name === 'String' ? text.slice(1, -1) : text
    return [{ name, from: key.from, to: key.to }]
  })
}
