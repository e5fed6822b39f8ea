/**
 * User text as an ES module: a function in whose outer scope `$event` and its companions are constants,
 * and around the text itself a function of its own, so that it may shadow them, `return` and `await`, and
 * has the step's exports as `this`. All of ours stands on line 1, in front of the text, or behind its
 * last line, so an error's line is the user's, and on line 1 its column less `prefix` is.
 */
import type { ImportPlace } from '../model/run.ts'
import { liftImports } from './imports.ts'
import type { PackageImport } from './imports.ts'
import { toImports, toJavaScript } from './syntax.ts'

export type StepModule = {
  readonly source: string
  readonly prefix: number
  readonly packages: readonly PackageImport[]
  readonly imports?: readonly ImportPlace[]
}

const SCOPE = ['$event', '$send', '$end', '$respond', '$context', 'steps', 'console', 'require']
/** Undo what a comment in user text may have said of the module's address, which errors are placed by. */
export const MODULE_END = '\n//# sourceURL=\n//# sourceMappingURL=\n'

/** Compiles a code step's text. Throws SourceFault. */
export function codeModule(text: string): StepModule {
  const { statements, body, names, packages, places } = liftImports(withoutHashbang(text))
  const code = toJavaScript(body)
  const imports = statements === '' ? '' : toImports(statements)
  const before = `${imports}${openScope(names)}return $$step.call(this); async function $$step() {`
  const module = { source: `${before}${code}\n}}${MODULE_END}`, prefix: before.length, packages }
  return places.length > 0 ? { ...module, imports: places } : module
}

/** The outer function up to its first own statement. A name that an import binds is left to the import. */
export function openScope(imported: ReadonlySet<string> = new Set()): string {
  const names = SCOPE.filter((name) => !imported.has(name))
  return `export default function () { const { ${names.join(', ')} } = arguments[0]; `
}

const withoutHashbang = (text: string): string =>
  text.startsWith('#!') ? text.replace(/^#!/, '//') : text
