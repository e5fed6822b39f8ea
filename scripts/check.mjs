/**
 * What every change must pass, in well under a minute: format, lint, types, unused code, architecture
 * and the unit tests. `node scripts/check.mjs fix` formats instead of complaining.
 */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { pinnedNode } from './pinned-node.cjs'

const require = createRequire(import.meta.url)
const node = pinnedNode()
const fix = process.argv[2] === 'fix'

/** The script behind a package's command. */
function command(name, bin = name) {
  const manifest = require.resolve(`${name}/package.json`)
  const { bin: bins } = require(manifest)
  return new URL(typeof bins === 'string' ? bins : bins[bin], `file://${manifest}`).pathname
}

const steps = [
  ['format', [command('oxfmt'), ...(fix ? [] : ['--check'])]],
  ['lint', [command('oxlint'), '--type-aware', ...(fix ? ['--fix'] : [])]],
  ['types', [command('typescript', 'tsc'), '-p', '.']],
  ['unused', [command('knip'), '--no-progress']],
  [
    'unit tests',
    ['--test', '--test-reporter=dot', 'test/architecture.test.ts', 'test/model/**/*.test.ts'],
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
