/** What a browser has to load before it shows anything, and before code can be edited: gzipped, as served. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'

const built = new URL('../../dist/web/', import.meta.url)
const FIRST_LOAD = 180_000
const EDITOR = 170_000

const names = (text: string): readonly string[] =>
  [...text.matchAll(/assets\/[\w.-]+\.(?:js|css)/g)].map(([name]) => name)

const sizeOf = (files: Iterable<string>): number =>
  [...files].reduce((sum, file) => sum + statSync(new URL(`${file}.gz`, built)).size, 0)

/** A chunk with all that it imports at once. */
function withImports(file: string, known: Set<string> = new Set()): ReadonlySet<string> {
  if (known.has(file)) return known
  known.add(file)
  const text = readFileSync(new URL(file, built), 'utf8')
  for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) {
    withImports(`assets/${name}`, known)
  }
  return known
}

const first = new Set(names(readFileSync(new URL('index.html', built), 'utf8')))

test('budget: the first load is at most 180 kB', () => {
  const loaded = new Set(first)
  for (const file of first) {
    if (file.endsWith('.js')) withImports(file).forEach((one) => loaded.add(one))
  }
  const size = sizeOf(loaded)
  assert.ok(size > 50_000 && size <= FIRST_LOAD, `${size} bytes in ${loaded.size} files`)
})

test('budget: the code editor is at most 170 kB more', () => {
  const mount = readdirSync(new URL('assets/', built)).find((name) => /^mount-.*\.js$/.test(name))
  const chunks = withImports(`assets/${mount}`)
  const added = [...chunks].filter((file) => !first.has(file))
  const size = sizeOf(added)
  assert.ok(size > 50_000 && size <= EDITOR, `${size} bytes in ${added.length} files`)
})
