/**
 * What every change must pass, in well under a minute: format, lint, types, unused code, architecture
 * and the unit tests. `node scripts/check.mjs fix` formats instead of complaining.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pinnedNode } from './pinned-node.cjs'

const node = pinnedNode()
const fix = process.argv[2] === 'fix'

/** The script behind a package's command. Not by `require.resolve`: `exports` may hide package.json. */
function command(name, bin = name) {
  const folder = new URL(`../node_modules/${name}/`, import.meta.url)
  const { bin: bins } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
  return fileURLToPath(new URL(typeof bins === 'string' ? bins : bins[bin], folder))
}

const steps = [
  ['format', [command('oxfmt'), ...(fix ? [] : ['--check'])]],
  ['lint', [command('oxlint'), '--type-aware', ...(fix ? ['--fix'] : [])]],
  ['types', [command('typescript', 'tsc'), '-p', '.']],
  ['types of the UI', [command('typescript', 'tsc'), '-p', 'web']],
  ['unused', [command('knip'), '--no-progress']],
  [
    'unit tests',
    ['--test', '--test-reporter=dot', 'test/architecture.test.ts', 'test/{model,web}/**/*.test.ts'],
  ],
]

for (const [name, args] of /** @type {[string, string[]][]} */ (steps)) {
  const started = Date.now()
  const { status } = spawnSync(node, args, { stdio: 'inherit' })
  console.log(
    `${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`,
  )
  if (status !== 0) process.exit(1)
}
