/**
 * The house rules that a machine can hold: who may import whom, sizes, forbidden names and globals.
 * The table is the architecture; ARCHITECTURE.md explains it.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const src = join(root, 'src')

type Source = { readonly path: string; readonly text: string; readonly imports: readonly Import[] }
type Import = { readonly target: string; readonly typeOnly: boolean }

const IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^'"()]*?\sfrom\s+)?['"]([^'"]+)['"]/gm

const files = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))

const sources: readonly Source[] = files(src, /\.ts$/).map((file) => {
  const text = readFileSync(file, 'utf8')
  const imports = [...text.matchAll(IMPORT)].map(([, typeOnly, specifier]) => ({
    typeOnly: typeOnly !== undefined,
    target: specifier!.startsWith('.')
      ? relative(src, resolve(dirname(file), specifier!))
      : specifier!,
  }))
  return { path: relative(src, file), text, imports }
})

/** Everybody may import the nouns, the errors, the clock and the ports. */
const everywhere = [
  'model/',
  'errors.ts',
  'clock.ts',
  'service.ts',
  'hand-over.ts',
  'telemetry/',
  'store/store.ts',
  'store/inspect.ts',
  'notifier/notifier.ts',
  'egress/egress.ts',
  'runner/runner.ts',
]

/** Folder -> what else of src/ it may import. Files at the top compose and may import everything. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  ingest: ['ingest/'],
  execution: ['execution/'],
  runner: ['runner/'],
  delivery: ['delivery/'],
  egress: ['egress/', 'runner/runner.ts'],
  store: ['store/'],
  notifier: ['notifier/'],
  maintenance: ['maintenance/'],
  account: ['account/'],
  inspector: ['inspector/', 'account/'],
  telemetry: ['telemetry/'],
  cli: [
    'cli/',
    'app.ts',
    'config.ts',
    'diagnose.ts',
    'inspector/wire-',
    'account/tokens.ts',
    'store/sqlite/open-definitions.ts',
  ],
}

const folderOf = (path: string): string => (path.includes('/') ? path.split('/')[0]! : '')

const offenders = (rule: (source: Source) => readonly string[]): string[] =>
  sources.flatMap((source) => rule(source).map((what) => `${source.path}: ${what}`))

const lacks = (pattern: RegExp, except: (path: string) => boolean = () => false): string[] =>
  offenders(({ path, text }) =>
    except(path) ? [] : [...withoutComments(text).matchAll(pattern)].map(([match]) => match),
  )

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '')
}

test('architecture: the model imports nothing but the model and the error catalogue', () => {
  const found = offenders(({ path, imports }) =>
    folderOf(path) === 'model'
      ? imports
          .map(({ target }) => target)
          .filter((target) => folderOf(target) !== 'model' && target !== 'errors.ts')
      : [],
  )
  assert.deepEqual(found, [])
})

test('architecture: each folder imports only what the table allows', () => {
  const found = offenders(({ path, imports }) => {
    const folder = folderOf(path)
    const may = [...everywhere, ...(allowed[folder] ?? [])]
    if (folder === '' || folder === 'model') return []
    return imports
      .map(({ target }) => target)
      .filter(
        (target) => target.endsWith('.ts') && !may.some((prefix) => target.startsWith(prefix)),
      )
  })
  assert.deepEqual(found, [])
})

test('architecture: inside the wall only node:, the protocol and the model are imported', () => {
  const found = offenders(({ path, imports }) =>
    path.startsWith('runner/guest/')
      ? imports
          .map(({ target }) => target)
          .filter(
            (target) => !/^(node:|runner\/guest\/|runner\/protocol\.ts$|model\/)/.test(target),
          )
      : [],
  )
  assert.deepEqual(found, [])
})

test('architecture: SQL and the database stay under store/', () => {
  const except = (path: string): boolean => path.startsWith('store/')
  assert.deepEqual(
    lacks(/\b(?:insert into|delete from|select [\w*]+ from)\b|node:sqlite|'kysely'/gi, except),
    [],
  )
})

test('architecture: outbound sockets are opened under egress/ only', () => {
  const dials =
    /\b(?:net|tls)\.connect\(|\bhttps?\.request\(|\bcreateConnection\(|(?<![.\w])fetch\(/g
  const except = (path: string): boolean =>
    path.startsWith('egress/') || path.startsWith('runner/guest/') || path.startsWith('cli/')
  assert.deepEqual(lacks(dials, except), [])
})

test('architecture: settings are read in config.ts, time and chance in clock.ts', () => {
  const guest = (path: string): boolean => path.startsWith('runner/guest/')
  assert.deepEqual(
    lacks(/\bprocess\.env\b/g, (path) => path === 'config.ts' || guest(path)),
    [],
  )
  const chance =
    /\bDate\.now\(|\bMath\.random\(|\bperformance\.now\(|(?<!\.)\brandomBytes\(|\brandomUUID\(|new Date\(\)/g
  const clocks = (path: string): boolean => path === 'clock.ts' || guest(path)
  assert.deepEqual(lacks(chance, clocks), [])
})

test('architecture: no file is longer than 600 lines and no function than 70', () => {
  const long = offenders(({ text }) => {
    const lines = text.split('\n')
    const sizes = lines.length > 600 ? [`${lines.length} lines`] : []
    return [...sizes, ...longFunctions(lines)]
  })
  assert.deepEqual(long, [])
})

/** A function begins on a line that ends in `{` and ends at the first `}` with the same indent. */
function longFunctions(lines: readonly string[]): string[] {
  const begins =
    /^(\s*)(?:export )?(?:(?:async )?function\b|(?:(?:static|async|get|set|override|\*) ?)*#?\w+\(.*\).*\{$|(?:const \w+ = )?(?:async )?\(.*\) .*=> \{$)/
  return lines.flatMap((line, start) => {
    const match = begins.exec(line)
    if (!match || /^\s*(?:if|for|while|switch|catch|return)\b/.test(line)) return []
    const end = lines.findIndex((other, i) => i > start && other.startsWith(`${match[1]}}`))
    return end - start > 70 ? [`line ${start + 1}: a function of ${end - start} lines`] : []
  })
}

test('architecture: each file opens with what it is for', () => {
  assert.deepEqual(
    offenders(({ text }) => (/^(?:#!.*\n)?\/\*\*/.test(text) ? [] : ['no header'])),
    [],
  )
})

/** So that this file does not hold what it looks for. */
const backwards = (word: string): string => word.split('').toReversed().join('')

test('architecture: nothing is left unfinished, and nothing is named after nothing', () => {
  const unfinished = new RegExp(
    `\\b(?:${['ODOT', 'EMXIF', 'XXX', 'KCAH'].map(backwards).join('|')})\\b`,
    'g',
  )
  const marks = offenders(({ text }) => [...text.matchAll(unfinished)].map(([match]) => match))
  assert.deepEqual(marks, [])
  const vague = /(?:^|\/)(?:utils?|helpers?|common|lib|manager|misc)(?:\.ts|\/)/
  assert.deepEqual(
    offenders(({ path }) => (vague.test(path) ? [path] : [])),
    [],
  )
})

test('architecture: no default exports, enums, or evaluated text on this side of the wall', () => {
  assert.deepEqual(lacks(/^export default|^\s*(?:const )?enum \w/gm), [])
  const evaluates = /\beval\(|new Function\(|\bAsyncFunction\(|node:vm/g
  const except = (path: string): boolean =>
    path === 'execution/syntax.ts' || path.startsWith('runner/guest/')
  assert.deepEqual(lacks(evaluates, except), [])
})

test('architecture: only store/postgres and notifier/postgres know pg', () => {
  const found = offenders(({ path, imports }) =>
    /^(?:store|notifier)\/postgres/.test(path)
      ? []
      : imports.map(({ target }) => target).filter((t) => t === 'pg'),
  )
  assert.deepEqual(found, [])
})

test('architecture: every name of code that ARCHITECTURE.md gives is one', () => {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const pages = files(join(root, 'web'), /\.tsx?$/).map((file) => readFileSync(file, 'utf8'))
  const code = [...sources.map(({ text }) => text), ...pages].join('\n')
  const names = [...page.matchAll(/`((?:[A-Za-z]+\.)?[a-z]*[A-Z]\w+|\w+\.\w+)(?:\([^`]*)?`/g)]
    .map(([, name]) => name!)
    .filter((name) => !/\.(?:ts|md|json|cjs)$/.test(name))
  assert.ok(names.length > 20, `${names.length} names`)
  const isThere = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(code)
  const missing = names.filter((name) => !name.split('.').every(isThere))
  assert.deepEqual(missing, [])
})
