/**
 * Every escape at every wall. One process per wall tries them all; around it stand what would notice:
 * files that must not change or be quoted, listeners that count who comes, the server's own signals,
 * priority and inspector, and the list of processes.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { url as inspectorUrl } from 'node:inspector'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { jobOf, startRunner } from '../../support/run-code.ts'
import { LEVELS, lacks, wallOf } from '../../support/walls.ts'
import type { Level } from '../../support/walls.ts'
import { LINKS, NODE_DENIES, PROVED_BY_KERNEL } from './escapes.ts'
import type { Targets } from './escapes.ts'

const TOKEN = 'canary-of-the-server-3f9a'
process.env['SENDOFF_WALL_CANARY'] = TOKEN

const folder = mkdtempSync(join(tmpdir(), 'sendoff-wall-'))
const targets = {
  FOLDER: folder,
  SECRET: join(folder, 'secret.json'),
  WRITTEN: join(folder, 'written'),
  DATABASE: join(folder, 'server.db'),
  PACKAGES: join(folder, 'packages/set'),
  UNIX: join(folder, 'socket'),
  SERVER: process.pid,
  MARK: `sendoff-mark-${process.pid}`,
}
let visits = 0
const tcp = createServer(() => visits++)
const unix = createServer(() => visits++)
const udp = createSocket('udp4').on('message', () => visits++)
const signals: string[] = []
for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => signals.push(signal))

before(async () => {
  const small = join(targets.PACKAGES, 'node_modules/small')
  mkdirSync(small, { recursive: true })
  writeFileSync(join(small, 'index.js'), 'module.exports = () => "a package"')
  symlinkSync(targets.SECRET, join(targets.PACKAGES, 'node_modules/link'))
  writeFileSync(targets.SECRET, JSON.stringify({ TOKEN }))
  const database = new DatabaseSync(targets.DATABASE)
  database.exec(`create table secrets (value); insert into secrets values ('${TOKEN}')`)
  database.close()
  tcp.listen(0, '127.0.0.1')
  unix.listen(targets.UNIX)
  udp.bind(0, '127.0.0.1')
  await Promise.all([once(tcp, 'listening'), once(unix, 'listening'), once(udp, 'listening')])
  // Open to everybody, so that it is the wall and not the file's mode that denies.
  for (const path of [folder, join(folder, 'packages'), targets.PACKAGES, small, targets.UNIX])
    chmodSync(path, 0o777)
  for (const path of [targets.SECRET, targets.DATABASE, join(small, 'index.js')])
    chmodSync(path, 0o666)
})
after(() => {
  tcp.close()
  unix.close()
  udp.close()
  rmSync(folder, { recursive: true, force: true })
})

type Verdicts = Readonly<Record<string, { readonly escaped?: string; readonly denied?: string }>>

/** A step that tries each escape in turn and says what came of it. */
function stepOf(escapes: Readonly<Record<string, string>>): string {
  const all: Targets = {
    ...targets,
    TCP: (tcp.address() as AddressInfo).port,
    UDP: udp.address().port,
  }
  const names = Object.keys(all).join(', ')
  const entries = Object.entries(escapes).map(
    ([name, code]) => `[${JSON.stringify(name)}, async () => { ${code}\n}]`,
  )
  return `const { ${names} } = ${JSON.stringify(all)}
    const fs = require('node:fs'), net = require('node:net')
    const verdicts = {}
    // What an attempt leaves behind may still fail while the next one runs.
    process.setUncaughtExceptionCaptureCallback(null)
    process.setUncaughtExceptionCaptureCallback(() => {})
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', () => {})
    for (const [name, attempt] of [${entries.join(',\n')}]) {
      let timer
      const late = new Promise((_, fail) => { timer = setTimeout(fail, 1_000, new Error('nothing came of it')) })
      try { verdicts[name] = { escaped: require('node:util').inspect(await Promise.race([attempt(), late])).slice(0, 300) } }
      catch (error) { verdicts[name] = { denied: String(error?.code) + ' ' + String(error?.message ?? error) } }
      clearTimeout(timer)
    }
    return verdicts`
}

async function tryAll(level: Level, escapes: Readonly<Record<string, string>>) {
  const runner = await startRunner({ isolation: await wallOf(level), blanks: 0 })
  try {
    const job = jobOf(stepOf(escapes), { timeoutMs: 60_000, memoryMb: 512 })
    const result = await runner.run({
      ...job,
      program: { ...job.program, packages: targets.PACKAGES },
    })
    const processes = processesWith(targets.MARK)
    return { ...result, processes }
  } finally {
    await runner.stop()
  }
}

function processesWith(mark: string): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark)
      } catch {
        return false
      }
    })
}

/** Whatever of the server an escape could have changed. */
const state = () => ({
  files: readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted(),
  secret: readFileSync(targets.SECRET, 'utf8'),
  mode: statSync(targets.SECRET).mode,
  changedAt: statSync(targets.SECRET).ctimeMs,
  package: readFileSync(join(targets.PACKAGES, 'node_modules/small/index.js'), 'utf8'),
  priority: getPriority(),
  inspector: inspectorUrl(),
  visits,
  signals: [...signals],
  shared: existsSync('/dev/shm/written') || existsSync('/written') || existsSync('/dev/written'),
})

for (const level of LEVELS) {
  const escapes = {
    ...PROVED_BY_KERNEL,
    ...(level === 'process' ? {} : LINKS),
    ...(level === 'kernel alone' ? {} : NODE_DENIES),
  }
  describe(`wall: at level ${level}`, { skip: lacks(level) }, () => {
    let verdicts: Verdicts
    let told: string
    let ended: string | null
    let processes: readonly string[]
    let earlier: ReturnType<typeof state>

    before(async () => {
      earlier = state()
      const result = await tryAll(level, escapes)
      told = JSON.stringify(result)
      processes = result.processes
      ended = result.outcome.message
      verdicts = (result.outcome.steps[0]!.exports['$return_value'] ?? {}) as Verdicts
    })

    for (const name of Object.keys(escapes)) {
      test(`wall: ${level}: a step is denied when it ${name}`, () => {
        assert.ok(verdicts[name], `it was not tried: ${ended}`)
        assert.equal(verdicts[name].escaped, undefined)
      })
    }

    test(`wall: ${level}: nothing of the server was changed, visited, signalled, started or told`, () => {
      assert.deepEqual(state(), earlier)
      assert.deepEqual(processes, [])
      assert.equal(told.includes(TOKEN), false)
    })
  })
}
