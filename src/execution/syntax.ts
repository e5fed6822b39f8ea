/**
 * Where user text stops being JavaScript. The engine itself parses it, and only parses: nothing in here
 * runs what it is given. Types are erased in place, so every line and column of the text stays true.
 */
import { stripTypeScriptTypes } from 'node:module'
import { Script } from 'node:vm'

/** A fault in user text. `line` and `column` count from 1 in that text; null where the fault has no place. */
export class SourceFault extends Error {
  readonly line: number | null
  readonly column: number | null

  constructor(message: string, line: number | null = null, column: number | null = null) {
    super(message)
    this.name = 'SourceFault'
    this.line = line
    this.column = column
  }
}

const LINE_END = /\r\n|[\n\r\u2028\u2029]/
const STRICT = '"use strict";'
const UNSUPPORTED = 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
/** The one parser that holds text to be a function's body and nothing past its closing brace. */
const AsyncFunction = (async () => {}).constructor as FunctionConstructor

/** The text as plain JavaScript, fit for the body of an async function; throws SourceFault. */
export function toJavaScript(text: string): string {
  const fault = bodyFault(text)
  if (!fault) return text // Valid as it stands: `a < b > (c)` keeps its meaning in JavaScript.
  const stripped = stripTypes(text)
  if (typeof stripped !== 'string') throw further(stripped, fault)
  const rest = bodyFault(stripped)
  if (rest) throw rest
  return stripped
}

/** Import statements with their types erased; throws SourceFault. */
export function toImports(statements: string): string {
  try {
    return stripTypeScriptTypes(statements)
  } catch (error) {
    throw new SourceFault(messageOf(error))
  }
}

/**
 * What keeps text from being one expression. Tried in two kinds of brackets: text that closes one of
 * them to get out is refused by the other.
 */
export function expressionFault(text: string): SourceFault | undefined {
  if (text.trim() === '') return new SourceFault('the expression is empty')
  return (
    parseWithin(`${STRICT}(async () => (`, text, '\n))') ??
    parseWithin(`${STRICT}(async () => [`, text, '\n])')
  )
}

/** The position of an index in a text, both counted from 1. */
export function placeOf(text: string, index: number): { line: number; column: number } {
  const before = text.slice(0, index).split(LINE_END)
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

function bodyFault(text: string): SourceFault | undefined {
  try {
    void new AsyncFunction(STRICT + text)
    return undefined
  } catch (error) {
    // That parser tells no position: another one finds it.
    const fault = parseWithin(`${STRICT}(async function () {`, text, '\n})')
    return fault ?? new SourceFault(`${messageOf(error)}: a closing brace has no opening one`)
  }
}

function parseWithin(before: string, text: string, after: string): SourceFault | undefined {
  try {
    void new Script(before + text + after)
    return undefined
  } catch (error) {
    return faultOf(error, before, text)
  }
}

/** JavaScript of the same length, or the fault that kept types from being erased. */
function stripTypes(text: string): string | SourceFault {
  const before = 'async function step() {'
  const strip = (code: string): string => stripTypeScriptTypes(`${before}${code}\n}`)
  try {
    return strip(text).slice(before.length, -2)
  } catch (error) {
    const fault = faultOf(thrownBy(() => strip(plainColumns(text))) ?? error, before, text)
    // Good TypeScript, but none whose types can be erased: no other parser knows better.
    if ((error as NodeJS.ErrnoException).code === UNSUPPORTED) throw fault
    return fault
  }
}

function thrownBy(action: () => unknown): unknown {
  try {
    action()
    return undefined
  } catch (error) {
    return error
  }
}

/** The stripper counts columns as a terminal shows them: in this text every character takes one. */
function plainColumns(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/\P{ASCII}/gu, (wide) => 'x'.repeat(wide.length))
}

/** Reads where a parser stopped off its error's stack: `place:line`, lines of code, a line of carets. */
function faultOf(error: unknown, before: string, text: string): SourceFault {
  const [place = '', , underline = '', ...more] = ((error as Error).stack ?? '').split('\n')
  const line = Number(/:(\d+)$/.exec(place)?.[1])
  const lines = text.split(LINE_END)
  if (!(line <= lines.length)) {
    const column = lines.at(-1)!.length + 1
    return new SourceFault('Unexpected end: something is not closed', lines.length, column)
  }
  const carets = [underline, ...more].find((shown) => /^[\t ]*\^+[\t ]*$/.test(shown))
  const marked = carets ?? (/^[\t ]+$/.test(underline) ? underline : undefined)
  // No mark: a construct over several lines. It starts where its first line does.
  const indent = marked?.replace(/\^.*$/, '').length ?? lines[line - 1]!.search(/\S|$/)
  const ours = line === 1 && marked !== undefined ? before.length : 0
  return new SourceFault(messageOf(error), line, Math.max(1, indent + 1 - ours))
}

function messageOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== UNSUPPORTED) return message
  const fact = message.replace(/,? (is|are) not supported in .*? mode\.?/, ' $1 not supported:')
  return fact.endsWith(':') ? `${fact} only types that can be erased are` : fact
}

/** Of the verdicts of two parsers, that of the one which understood more of the text. */
function further(typed: SourceFault, plain: SourceFault): SourceFault {
  const ahead = (typed.line ?? 0) - (plain.line ?? 0) || (typed.column ?? 0) - (plain.column ?? 0)
  return ahead > 0 ? typed : plain
}
