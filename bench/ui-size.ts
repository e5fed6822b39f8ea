/**
 * What a browser loads before the first page stands, gzipped as it is served: the page, its styles, and the
 * scripts that index.html names with all that these import at once. What is loaded when it is first needed
 * (the editor, plots, menus, dialogs) is listed apart. `node bench/ui-size.ts`, after a build of the UI;
 * exits 1 over the budget.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'

const FIRST_LOAD_KB = 180

const folder = resolve(import.meta.dirname, '../dist/web')
const assets = join(folder, 'assets')
const html = readFileSync(join(folder, 'index.html'), 'utf8')
const named = [...html.matchAll(/\/assets\/([\w.-]+\.(?:js|css))/g)].map(([, name]) => name!)
const first = new Set<string>()
for (const name of named) follow(name)

/** Static imports only: `import("...")` comes later, by itself. */
function follow(name: string): void {
  if (first.has(name)) return
  first.add(name)
  if (!name.endsWith('.js')) return
  const source = readFileSync(join(assets, name), 'utf8')
  for (const [, imported] of source.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g)) {
    follow(imported!)
  }
}

const sizeOf = (name: string): number => statSync(join(assets, `${name}.gz`)).size
const kB = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} kB`

const page = gzipSync(html).length
const total = [...first].reduce((sum, name) => sum + sizeOf(name), page)
for (const name of [...first].toSorted((a, b) => sizeOf(b) - sizeOf(a))) {
  console.log(`${kB(sizeOf(name)).padStart(9)}  ${name}`)
}
console.log(`${kB(total).padStart(9)}  first load, of ${FIRST_LOAD_KB} kB`)
const later = readdirSync(assets).filter((name) => /\.(?:js|css)$/.test(name) && !first.has(name))
console.log('\nlater, the largest:')
for (const name of later.toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, 5)) {
  console.log(`${kB(sizeOf(name)).padStart(9)}  ${name}`)
}
process.exitCode = total > FIRST_LOAD_KB * 1_000 ? 1 : 0
