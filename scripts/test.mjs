/**
 * Runs everything: the check, then every test. Names what was skipped; with SENDOFF_TEST_REQUIRE set
 * (as `.ci/run` does) a skip is a failure. The last line is `N passed, N failed`.
 */
import { spawn } from 'node:child_process'
import { pinnedNode } from './pinned-node.cjs'

const node = pinnedNode()
const patterns = process.argv.length > 2 ? process.argv.slice(2) : ['test/**/*.test.ts']

function run(args) {
  return new Promise((resolve) => {
    const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk) => {
      process.stdout.write(chunk)
      output += chunk
    })
    child.on('close', (code) => resolve({ code, output }))
  })
}

const check = process.argv.length > 2 ? { code: 0 } : await run(['scripts/check.mjs'])
const tests = await run(['--test', '--test-concurrency=2', '--test-timeout=300000', ...patterns])

const count = (word) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, 'm').exec(tests.output)?.[1] ?? 0)
const passed = count('pass')
const skipped = tests.output.split('\n').filter((line) => /^\s*﹣ /.test(line))
let failed = count('fail') + count('cancelled') + (check.code === 0 ? 0 : 1)
if (failed === 0 && tests.code !== 0) failed = 1

if (skipped.length > 0) {
  console.log(`\nSkipped, because this machine lacks what they need:\n${skipped.join('\n')}`)
  if (process.env.SENDOFF_TEST_REQUIRE) failed += skipped.length
}
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
