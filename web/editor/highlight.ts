/** JavaScript in colored pieces, by the parser that the editor uses too. Loaded on demand. */
import { typescriptLanguage } from '@codemirror/lang-javascript'
import { classHighlighter, highlightCode } from '@lezer/highlight'
import type { Piece } from './code-view.tsx'

export function highlight(code: string): readonly (readonly Piece[])[] {
  const lines: Piece[][] = [[]]
  highlightCode(
    code,
    typescriptLanguage.parser.parse(code),
    classHighlighter,
    (text, kind) => lines.at(-1)!.push({ text, kind }),
    () => lines.push([]),
  )
  return lines
}
