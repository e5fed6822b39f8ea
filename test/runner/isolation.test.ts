/** Which wall is in force: tried at the start, said aloud, and never silently the weaker one. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { AppError } from '../../src/errors.ts'
import { probeIsolation } from '../../src/runner/isolation.ts'
import { explainMissing } from '../../src/runner/missing-isolation.ts'
import type { MachineFacts } from '../../src/runner/missing-isolation.ts'
import {
  BEHIND_FILTER,
  LACKS_BWRAP,
  WITHOUT_NAMESPACES,
  dockerFilter,
  runAsUser,
} from '../support/in-sandbox.ts'
import { startRunner } from '../support/run-code.ts'
import { LAUNCHER } from '../support/server-process.ts'

const options = { skip: LACKS_BWRAP }

function openFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sendoff-isolation-'))
  chmodSync(folder, 0o777)
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const sendoff = (...args: readonly string[]): readonly string[] => [
  process.execPath,
  LAUNCHER,
  ...args,
]

/** Prints `level: because` of auto. */
const PROBE: readonly string[] = [
  process.execPath,
  '--input-type=module',
  `--eval=const { probeIsolation } = await import(${JSON.stringify(import.meta.resolve('../../src/runner/isolation.ts'))}); const { level, because } = await probeIsolation('auto'); console.log(level + ': ' + because)`,
]

test(
  '[R73] isolation: auto is strict where the machine allows it, and says what that is',
  options,
  async () => {
    const isolation = await probeIsolation('auto')
    assert.equal(isolation.level, 'strict', isolation.because)
    assert.match(isolation.because, /bubblewrap, system call filter/)
    const runner = await startRunner({ isolation })
    const { outcome } = await runner.code(
      `return { pid: process.pid, node: process.execPath, uid: process.getuid(), home: require('os').homedir() }`,
    )
    await runner.stop()
    assert.deepEqual(outcome.steps[0]!.exports['$return_value'], {
      pid: 1,
      node: '/node',
      uid: 65_534,
      home: '/',
    })
  },
)

test('[R73] isolation: process is what was asked for, and says whose rights guests have', async () => {
  const { level, because } = await probeIsolation('process')
  assert.equal(level, 'process')
  assert.match(because, /permission model/)
  assert.match(because, process.getuid?.() === 0 ? /user 65534/ : /same user as the server/)
  assert.doesNotMatch(because, /not strict/)
})

test(
  '[R73] isolation: an ordinary user gets the strict level too, and its guests see as little',
  options,
  async () => {
    const code = `const fs = require('fs'); return [process.pid, process.getuid(), fs.readFileSync('/proc/self/uid_map', 'utf8').trim().split(/ +/)[0]]`
    const script = `
    const { startRunner } = await import(${JSON.stringify(import.meta.resolve('../support/run-code.ts'))})
    const { wallOf } = await import(${JSON.stringify(import.meta.resolve('../support/walls.ts'))})
    const isolation = await wallOf('kernel alone')
    const runner = await startRunner({ isolation, blanks: 0 })
    const { outcome } = await runner.code(${JSON.stringify(code)})
    const bomb = await runner.code('const all = []; for (;;) { all.push(Buffer.alloc(1e6, 1)); await new Promise(setImmediate) }')
    console.log(JSON.stringify([outcome.steps[0].exports.$return_value, bomb.outcome.message]))
    await runner.stop()`
    const { stdout, stderr } = await runAsUser([
      process.execPath,
      '--input-type=module',
      `--eval=${script}`,
    ])
    assert.match(stdout, /^\[\[1,65534,"65534"\],"EXCEPTION OutOfMemory: /, stderr)
  },
)

test(
  '[R73] isolation: without user namespaces auto says so in doctor and names the sysctl',
  options,
  async (t) => {
    const command = [...WITHOUT_NAMESPACES, ...sendoff('doctor', `--data=${openFolder(t)}`)]
    const { stdout, stderr } = await runAsUser(command)
    assert.match(stdout, /level process: .*not strict: .*sysctl user\.max_user_namespaces/, stderr)
  },
)

test(
  '[R73] isolation: behind the filter of a container auto names the option of Docker',
  options,
  async () => {
    const { stdout, stderr } = await runAsUser([...BEHIND_FILTER, ...PROBE], {}, dockerFilter())
    const said = /^process: .*not strict: .*--security-opt seccomp=unconfined/
    assert.match(stdout, said, stderr)
  },
)

test(
  '[R73] isolation: strict does not start without it: one sentence, exit code 2',
  options,
  async (t) => {
    const env = { SENDOFF_ISOLATION: 'strict', SENDOFF_DATA: openFolder(t), SENDOFF_PORT: '0' }
    const ended = await runAsUser([...WITHOUT_NAMESPACES, ...sendoff('serve')], env)
    assert.equal(ended.code, 2, ended.stderr)
    const lines = ended.stderr.split('\n').filter((line) => line.startsWith('Cannot'))
    assert.equal(lines.length, 1)
    assert.match(lines[0]!, /^Cannot start with SENDOFF_ISOLATION=strict: user namespaces are off/)
  },
)

test('[R73] isolation: strict is refused, never replaced', options, async () => {
  // What kept it is a fact of the machine, so this asks for an architecture that there is no table for.
  const { arch } = process
  Object.defineProperty(process, 'arch', { value: 'sparc', configurable: true })
  try {
    await assert.rejects(probeIsolation('strict'), (error) => {
      assert.ok(error instanceof AppError)
      assert.equal(error.code, 'isolation_missing')
      assert.match(error.message, /no system call table for sparc/)
      return true
    })
    const { level, because } = await probeIsolation('auto')
    assert.equal(level, 'process')
    assert.match(because, /not strict: there is no system call table/)
  } finally {
    Object.defineProperty(process, 'arch', { value: arch, configurable: true })
  }
})

const REFUSED = 'bwrap: Creating new namespace failed: Operation not permitted'
const MISSING: readonly (readonly [string, Partial<Failure>, Partial<Facts>, RegExp])[] = [
  [
    'no bubblewrap',
    { stderr: 'prlimit: failed to execute /usr/bin/bwrap: No such file' },
    {},
    /apt install bubblewrap/,
  ],
  ['no prlimit', { absent: '/usr/bin/prlimit' }, {}, /prlimit is not installed.*util-linux/],
  ['an old bubblewrap', { stderr: 'bwrap: Unknown option --disable-userns' }, {}, /too old, 0\.8/],
  [
    'Debian 10',
    { stderr: REFUSED },
    { settings: { 'kernel/unprivileged_userns_clone': '0' } },
    /sysctl kernel\.unprivileged_userns_clone=1/,
  ],
  [
    'a limit of 0',
    { stderr: REFUSED },
    { settings: { 'user/max_user_namespaces': '0' } },
    /sysctl user\.max_user_namespaces/,
  ],
  [
    'Ubuntu 24.04',
    { stderr: 'bwrap: setting up uid map: Permission denied' },
    { settings: { 'kernel/apparmor_restrict_unprivileged_userns': '1' } },
    /AppArmor.*give bwrap a profile, see docs\/isolation\.md/,
  ],
  [
    'Ubuntu with a profile that is not loaded',
    { stderr: 'bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted' },
    {
      settings: { 'kernel/apparmor_restrict_unprivileged_userns': '1' },
      files: ['/etc/apparmor.d/bwrap'],
    },
    /apparmor_parser -r/,
  ],
  [
    'Docker',
    { stderr: 'bwrap: No permissions to create a new namespace' },
    { isInContainer: true },
    /seccomp=unconfined/,
  ],
  [
    'Docker without its /proc',
    { stderr: "bwrap: Can't mount proc on /newroot/proc: Operation not permitted" },
    { isInContainer: true },
    /systempaths=unconfined/,
  ],
  ['an open door', { open: ['sockets'] }, {}, /left open: sockets/],
  ['something else', { stderr: 'a line\nbwrap: what is this\n' }, {}, /^bwrap: what is this$/],
  ['nothing said', {}, {}, /without a word/],
]
type Failure = Parameters<typeof explainMissing>[0]
type Facts = {
  readonly settings: Readonly<Record<string, string>>
  readonly files: readonly string[]
  readonly isInContainer: boolean
}

for (const [
  name,
  failure,
  { settings = {}, files = [], isInContainer = false },
  pattern,
] of MISSING) {
  test(`[R73] isolation: it names what is missing: ${name}`, () => {
    const facts: MachineFacts = {
      setting: (path) => settings[path] ?? null,
      hasFile: (path) => files.includes(path),
      isInContainer,
    }
    const said = explainMissing({ absent: null, stderr: '', open: [], ...failure }, facts)
    assert.match(said, pattern)
    assert.doesNotMatch(said, /\n/)
  })
}
