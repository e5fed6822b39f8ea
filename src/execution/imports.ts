/**
 * What user text imports and exports. A step is the body of a function, where `import` statements cannot
 * stand: they are lifted out, to be put in front of that function, and blanked where they stood, so that
 * nothing behind them moves.
 *
 * The packages they name are told, with the range that `pkg@range` asks for; the range is taken out of the
 * text and leaves blanks behind its quotes. What is no module of Node's and no package of a registry is
 * refused here, by name, rather than when an event arrives.
 */
import { isBuiltin } from 'node:module'
import { init, parse } from 'es-module-lexer'
import type { Import } from 'es-module-lexer'
import type { ImportPlace } from '../model/run.ts'
import { readSpecifier } from './package-specifier.ts'
import type { PackageSpecifier } from './package-specifier.ts'
import { placeOf, SourceFault } from './syntax.ts'

await init()

/** A package that a text names, and where. */
export type PackageImport = {
  readonly name: string
  readonly range: string | null
  readonly line: number
  readonly column: number
}

export type LiftedImports = {
  /** On one line, each ended by a semicolon; empty if there are none. */
  readonly statements: string
  /** The text without them, of the same length and with the same lines. */
  readonly body: string
  /** What they bind. */
  readonly names: ReadonlySet<string>
  readonly packages: readonly PackageImport[]
  /** Where each statement stood. */
  readonly places: readonly ImportPlace[]
}

const REQUIRE = /(?<![\w$])(?<!\.\s*)require(?=\s*\()/g
/** Good enough to find the true place of another error in text that does not parse. */
const IMPORT_LINE = /^[\t ]*import\b(?!\s*[(.])[^;'"]*(?:'[^'\n]*'|"[^"\n]*");?/gm

/** Lifts imports out of user text. Throws SourceFault for what a step cannot import or export. */
export function liftImports(text: string): LiftedImports {
  const lexed = lex(text)
  const names = new Set<string>()
  const places: ImportPlace[] = []
  if (!lexed) {
    const body = text.replaceAll(IMPORT_LINE, blank)
    return { statements: '', body, names, packages: [], places }
  }
  const [imports, exports] = lexed
  const [exported] = exports
  if (exported) {
    const reason = 'a step cannot export: set this.name, or return a value'
    throw faultAt(text, exported.start, reason)
  }
  const { plain, packages } = readPackages(text)
  let statements = ''
  let body = plain
  for (const found of imports) {
    if (found.type !== 'static') continue
    const statement = plain.slice(found.importStart, found.importEnd)
    if (!found.typeOnly) {
      statements += `${toOneLine(statement)};`
      const specifier = packageOf(text, found)?.plain ?? found.specifier ?? ''
      places.push({ specifier, ...placeOf(text, found.importStart) })
      for (const name of boundNames(text.slice(found.importStart, found.start - 1))) {
        if (names.has(name)) throw faultAt(text, found.importStart, `it imports ${name} twice`)
        names.add(name)
      }
    }
    // The semicolon keeps the lines around it two statements.
    const blanked = `;${blank(statement).slice(1)}`
    body = body.slice(0, found.importStart) + blanked + body.slice(found.importEnd)
  }
  return { statements, body, names, packages, places }
}

/**
 * The packages of a text, and the text without their ranges: of the same length, all else in its place.
 * Throws SourceFault for what cannot be imported.
 */
export function readPackages(text: string): {
  readonly plain: string
  readonly packages: readonly PackageImport[]
} {
  let plain = text
  const packages: PackageImport[] = []
  for (const found of importsIn(text)) {
    const read = packageOf(text, found)
    if (!read) continue
    const place = placeOf(text, found.importStart)
    packages.push({ name: read.name, range: read.range, ...place })
    if (read.plain === found.specifier) continue
    // A static import's place is within its quotes, a dynamic one's around them.
    const [start, end] =
      found.type === 'static' ? [found.start - 1, found.end + 1] : [found.start, found.end]
    const literal = JSON.stringify(read.plain).padEnd(end - start)
    plain = plain.slice(0, start) + literal + plain.slice(end)
  }
  return { plain, packages }
}

/** A lexer tells code from comments and strings: `require` is shown to it as an import. */
function importsIn(text: string): readonly Import[] {
  const [imports = []] = lex(text) ?? []
  if (!text.includes('require')) return imports
  const [shown = []] = lex(text.replaceAll(REQUIRE, 'import ')) ?? []
  const required = shown.flatMap((found): Import[] =>
    found.type === 'dynamic' && text.startsWith('require', found.importStart)
      ? // `import('a').b` is a type more often than not, `require('a').b` never.
        [{ ...found, probablyTypeOnly: false }]
      : [],
  )
  return [...imports, ...required]
}

function lex(text: string): ReturnType<typeof parse> | undefined {
  try {
    return parse(text)
  } catch {
    return undefined // Not to be read: the engine says why, and where.
  }
}

/** Undefined where nothing has to be installed. */
function packageOf(text: string, found: Import): PackageSpecifier | undefined {
  if (found.type === 'import-meta') {
    throw faultAt(text, found.start, 'a step has no import.meta')
  }
  if (found.type === 'dynamic' ? found.glob || found.probablyTypeOnly : found.typeOnly) {
    return undefined
  }
  const { specifier } = found
  if (specifier === undefined || isBuiltin(specifier)) return undefined
  const read = readSpecifier(specifier)
  if (read) return read
  const reason = `it imports ${JSON.stringify(specifier)}, only Node's own modules and packages of the npm registry can be imported`
  throw faultAt(text, found.importStart, reason)
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
