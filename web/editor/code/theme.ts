/**
 * How code looks while it is edited: the colors and measures of the page, by its custom properties. They
 * are all that reaches in here, as the editor lives in a shadow root: only there does it style itself
 * without style elements, which the page's policy refuses.
 */
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const colors = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null, tags.self], color: 'var(--code-word)' },
  { tag: [tags.string, tags.special(tags.string), tags.number], color: 'var(--code-text)' },
  { tag: [tags.regexp, tags.escape], color: 'var(--code-text)' },
  { tag: tags.comment, color: 'var(--code-quiet)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--failed)' },
])

const surface = EditorView.theme({
  '&': { color: 'var(--text)', background: 'transparent', fontSize: 'var(--small)' },
  // The page draws it around the whole field: in here the gutter would cover it.
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', minHeight: '64px' },
  '.cm-content': { padding: '6px 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 12px 0 4px' },
  '.cm-gutters': {
    color: 'var(--faint)',
    background: 'var(--surface)',
    border: '0',
  },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '32px', padding: '0 6px 0 4px' },
  '.cm-gutter-lint': { width: '12px' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '4px 0 0 2px' },
  '.cm-lint-marker': { width: '10px', height: '10px' },
  '.cm-activeLine, .cm-activeLineGutter': { background: 'transparent' },
  '&.cm-focused .cm-activeLineGutter': { color: 'var(--text)' },
  '.cm-content ::selection, .cm-line::selection': { background: 'var(--selection)' },
  '.cm-matchingBracket': { background: 'transparent' },
  '&.cm-focused .cm-matchingBracket': {
    background: 'transparent',
    outline: '1px solid var(--line-strong)',
  },
  '.cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket': {
    background: 'transparent',
    color: 'var(--failed)',
  },
  '.cm-placeholder': { color: 'var(--faint)' },
  '.cm-searchMatch': { background: 'var(--selected)', outline: '1px solid var(--accent)' },
})

const floats = EditorView.theme({
  '.cm-tooltip': {
    color: 'var(--text)',
    background: 'var(--floating)',
    border: '1px solid var(--line)',
    borderRadius: '8px',
    boxShadow: 'var(--shadow)',
    zIndex: '30',
  },
  '.cm-tooltip-autocomplete > ul': {
    fontFamily: 'var(--mono)',
    fontSize: 'var(--small)',
    maxHeight: '240px',
    minWidth: '260px',
    padding: '4px',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': {
    display: 'flex',
    gap: '12px',
    padding: '0 8px',
    lineHeight: '24px',
    borderRadius: '5px',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    color: 'var(--text)',
    background: 'var(--selected)',
  },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--accent)' },
  '.cm-completionDetail': {
    marginInlineStart: 'auto',
    paddingInlineStart: '12px',
    color: 'var(--muted)',
    fontStyle: 'normal',
    maxWidth: '280px',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
  },
  '.cm-tooltip.cm-completionInfo': {
    maxWidth: '320px',
    padding: '6px 10px',
    fontFamily: 'var(--sans)',
    fontSize: 'var(--small)',
    lineHeight: '18px',
  },
  '.cm-diagnostic': {
    padding: '4px 10px',
    fontFamily: 'var(--sans)',
    fontSize: 'var(--small)',
    lineHeight: '18px',
    borderInlineStartColor: 'var(--failed)',
  },
  '.cm-diagnostic-warning': { borderInlineStartColor: 'var(--waiting)' },
  '.cm-diagnosticAction': {
    color: 'var(--accent)',
    background: 'transparent',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
    padding: '1px 8px',
  },
  '.cm-panels': {
    color: 'var(--text)',
    background: 'var(--sunken)',
    borderColor: 'var(--line)',
  },
  '.cm-panel input, .cm-panel button': {
    color: 'inherit',
    background: 'var(--surface)',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
  },
})

export const theme = [surface, floats, syntaxHighlighting(colors)]
