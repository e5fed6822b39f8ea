/**
 * The steps of the program as ES modules served from memory: their code is never on a disk. A module's
 * address carries the step's name, so that stack frames can be told apart, and lies in the folder of the
 * program's packages, so that a bare import is looked up there.
 */
import { createRequire, isBuiltin, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { LoadedStep } from '../protocol.ts'

/** What the address of every step contains and no other module's does. */
export const STEP_URL = '/sendoff:steps/'

/** `this` is the step's exports, `scope` what its code sees besides the globals. */
export type StepFunction = (this: object, scope: object) => Promise<unknown>

export type StepModules = {
  /** The step's function. Imports it once; an error of the import is that of the step. */
  load(index: number): Promise<StepFunction>
  requireOf(index: number): NodeJS.Require
}

export function createStepModules(
  steps: readonly LoadedStep[],
  sources: readonly string[],
  packages: string | null,
): StepModules {
  const base = packages === null ? 'file://' : pathToFileURL(packages).href
  const urls = steps.map(({ name }) => `${base}${STEP_URL}${encodeURIComponent(name)}.js`)
  const sourceOf = new Map(urls.map((url, index) => [url, sources[index]!]))

  registerHooks({
    resolve(specifier, context, next) {
      if (sourceOf.has(specifier)) return { url: specifier, format: 'module', shortCircuit: true }
      const parent = context.parentURL
      const bare = !/^(?:[./]|[a-z][a-z+.-]*:)/i.test(specifier)
      if (!bare || isBuiltin(specifier) || !parent?.includes(STEP_URL)) {
        return next(specifier, context)
      }
      if (packages === null) {
        const error = new Error(
          `Cannot find package '${specifier}': packages are installed when a workflow is saved, for the names that its steps import as plain text`,
        )
        throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' })
      }
      try {
        return next(specifier, context)
      } catch (error) {
        const path = pathOfRequired(specifier, parent, error)
        if (path === undefined) throw error
        return next(pathToFileURL(path).href, context)
      }
    },
    load(url, context, next) {
      const source = sourceOf.get(url)
      return source === undefined
        ? next(url, context)
        : { format: 'module', source, shortCircuit: true }
    },
  })

  const loaded: (Promise<StepFunction> | undefined)[] = []
  const requires: (NodeJS.Require | undefined)[] = []
  return {
    load: (index) => (loaded[index] ??= importStep(urls[index]!, steps[index]!, packages)),
    requireOf: (index) => (requires[index] ??= createRequire(urls[index]!)),
  }
}

/**
 * What `require` finds where `import` does not: a folder or a file without its ending, as in `lodash/fp`.
 * Bundlers have taught people to write that.
 */
function pathOfRequired(specifier: string, parent: string, error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ERR_UNSUPPORTED_DIR_IMPORT' && code !== 'ERR_MODULE_NOT_FOUND') return undefined
  try {
    return createRequire(parent).resolve(specifier)
  } catch {
    return undefined // The first error says it better.
  }
}

async function importStep(
  url: string,
  step: LoadedStep,
  packages: string | null,
): Promise<StepFunction> {
  try {
    const module = (await import(url)) as { default: StepFunction }
    return module.default
  } catch (error) {
    try {
      if (error instanceof Error && !STEP_FRAME.test(error.stack ?? ''))
        placeAtImport(error, url, step, packages)
    } catch {
      // A package threw something that cannot be written to: it is shown as it is.
    }
    throw error
  }
}

const STEP_FRAME = new RegExp(`^\\s+at .*${STEP_URL}.*:\\d+:\\d+\\)?$`, 'm')

/**
 * What fails while the imports of a step are linked, or first run, has no frame in the user's text: it is
 * given that of the import it speaks of. And it is said without what is ours: Node's advice on CommonJS
 * modules quotes line 1, and what is not found stands with the folder of the packages.
 */
function placeAtImport(
  error: Error,
  url: string,
  { imports = [], prefix }: LoadedStep,
  packages: string | null,
): void {
  const [said = ''] = error.message.split('\n', 1)
  const named = /module '([^']+)'/.exec(said)?.[1]
  if (error instanceof SyntaxError && named === undefined) return
  const place =
    imports.find(({ specifier }) => specifier === named) ??
    imports.find(({ specifier }) => imports.length === 1 || said.includes(specifier))
  const advice = /^Named export .* is a CommonJS module/.test(said)
    ? ` Import it whole, as in import pkg from '${named}', and take what you need from it.`
    : ''
  const message = said
    .replaceAll(`${packages}/node_modules/`, '')
    .replace(new RegExp(` imported from \\S*${STEP_URL}\\S*$`), '')
  error.message = message + advice
  if (!place) return
  const { line, column } = place
  const at = line === 1 ? column + prefix : column
  error.stack = `${error.name}: ${error.message}\n    at ${url}:${line}:${at}`
}

/** The step's name in an address, up to its position: `.../sendoff:steps/name.js`. */
export function stepOfUrl(text: string): string | null {
  const match = /\/sendoff:steps\/([^/\s]+)\.js$/.exec(text)
  return match ? decodeURIComponent(match[1]!) : null
}
