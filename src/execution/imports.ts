/**
 * What user text imports and exports. A step is the body of a function, where `import` statements cannot
 * stand: they are lifted out, to be put in front of that function, and blanked where they stood, so that
 * nothing behind them moves.
 *
 * npm packages come in a later version: an import that is not one of Node's own modules is refused here,
 * by name, rather than when an event arrives.
 */
import { isBuiltin } from 'node:module'
import { init, parse } from 'es-module-lexer'
import type { Import } from 'es-module-lexer'
import { placeOf, SourceFault } from './syntax.ts'

await init()

export type LiftedImports = {
  /** On one line, each ended by a semicolon; empty if there are none. */
  readonly statements: string
  /** The text without them, of the same length and with the same lines. */
  readonly body: string
  /** What they bind. */
  readonly names: ReadonlySet<string>
}

const REQUIRE = /(?<![\w$])(?<!\.\s*)require(?=\s*\()/g
/** Good enough to find the true place of another error in text that does not parse. */
const IMPORT_LINE = /^[\t ]*import\b(?!\s*[(.])[^;'"]*(?:'[^'\n]*'|"[^"\n]*");?/gm

/** Lifts imports out of user text. Throws SourceFault for what a step cannot import or export. */
export function liftImports(text: string): LiftedImports {
  const lexed = lex(text)
  const names = new Set<string>()
  if (!lexed) return { statements: '', body: text.replaceAll(IMPORT_LINE, blank), names }
  const [imports, exports] = lexed
  const [exported] = exports
  if (exported) {
    const reason = 'a step cannot export: set this.name, or return a value'
    throw faultAt(text, exported.start, reason)
  }
  let statements = ''
  let body = text
  for (const found of imports) {
    checkImport(text, found)
    if (found.type !== 'static') continue
    const statement = text.slice(found.importStart, found.importEnd)
    if (!found.typeOnly) {
      statements += `${toOneLine(statement)};`
      for (const name of boundNames(text.slice(found.importStart, found.start - 1))) {
        if (names.has(name)) throw faultAt(text, found.importStart, `it imports ${name} twice`)
        names.add(name)
      }
    }
    // The semicolon keeps the lines around it two statements.
    const blanked = `;${blank(statement).slice(1)}`
    body = body.slice(0, found.importStart) + blanked + body.slice(found.importEnd)
  }
  checkRequires(text)
  return { statements, body, names }
}

/** Refuses `require("pkg")` and `import("pkg")` in an expression. */
export function checkPackages(expression: string): void {
  for (const found of lex(expression)?.[0] ?? []) checkImport(expression, found)
  checkRequires(expression)
}

function lex(text: string): ReturnType<typeof parse> | undefined {
  try {
    return parse(text)
  } catch {
    return undefined // Not to be read: the engine says why, and where.
  }
}

function checkImport(text: string, found: Import): void {
  if (found.type === 'import-meta') {
    throw faultAt(text, found.start, 'a step has no import.meta')
  }
  if (found.type === 'static' && found.typeOnly) return
  if (found.type === 'dynamic' && found.glob) return
  const { specifier } = found
  if (specifier === undefined || isBuiltin(specifier)) return
  const name = packageName(specifier)
  const reason = name
    ? `it imports the package "${name}", npm packages are not part of this version: use fetch and Node's own modules`
    : `it imports ${JSON.stringify(specifier)}, only Node's own modules can be imported`
  throw faultAt(text, found.importStart, reason)
}

/** A lexer tells code from comments and strings: `require` is shown to it as an import. */
function checkRequires(text: string): void {
  if (!text.includes('require')) return
  const shown = text.replaceAll(REQUIRE, 'import ')
  for (const found of lex(shown)?.[0] ?? []) checkImport(text, found)
}

/** `axios`, `@scope/name`: without a range, or a path within; undefined for what is no package. */
function packageName(specifier: string): string | undefined {
  return /^(?:npm:)?((?:@[\w.~-]+\/)?[\w~-][\w.~-]*)(?:[@/].*)?$/.exec(specifier)?.[1]
}

/** The local names in `import a, { b, c as d } from`, types aside. */
function boundNames(clause: string): string[] {
  const [, list = ''] = /^import\b(.*?)(?:\bfrom\s*)?$/.exec(toOneLine(clause)) ?? []
  return list.split(/[{},]/).flatMap((piece) => {
    const words = piece.trim().split(' ')
    const isType = words[0] === 'type' && words.length > 1 && words[1] !== 'as'
    return isType || words[0] === '' ? [] : [words.at(-1)!]
  })
}

function toOneLine(statement: string): string {
  const piece = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/|\s+/g
  return statement.replaceAll(piece, (text) => (/^["']/.test(text) ? text : ' '))
}

const blank = (text: string): string => text.replaceAll(/[^\n\r\u2028\u2029]/g, ' ')

function faultAt(text: string, index: number, reason: string): SourceFault {
  const { line, column } = placeOf(text, index)
  return new SourceFault(reason, line, column)
}
