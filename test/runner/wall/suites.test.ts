/**
 * What steps can do, they can do at level `strict` too: the suites that say so are run once more there,
 * with the cases of theirs that bear numbers of the runner's list ([R36] [R38] [R42] [R56] to [R63] and others).
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { LACKS_BWRAP } from '../../support/in-sandbox.ts'

const SUITES = ['steps', 'line', 'late', 'interleaving', 'network']
const folder = resolve(import.meta.dirname, '..')

test(
  'suites: steps, line, late code, interleaving and network pass at level strict',
  { skip: LACKS_BWRAP },
  async () => {
    const files = SUITES.map((name) => join(folder, `${name}.test.ts`))
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        '--test',
        '--test-concurrency=1',
        // Told by the clock, so once is enough.
        '--test-skip-pattern=known by the CPU',
        ...files,
      ],
      { env: { ...env, SENDOFF_TEST_ISOLATION: 'strict' }, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const code = await new Promise((done) => child.on('close', done))
    assert.equal(code, 0, output.slice(output.indexOf('failing tests')))
    assert.match(output, /pass [1-9]\d+/)
  },
)
