/**
 * What a step must not reach at the default level: files, processes, other users, the network but by the
 * tunnel. Each case is a few lines of hostile code whose success would be the escape.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync, existsSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startRunner } from '../support/run-code.ts'
import type { TestRunner } from '../support/run-code.ts'

let runner: TestRunner
const folder = mkdtempSync(join(tmpdir(), 'sendoff-wall-'))
const secret = join(folder, 'secret')
const written = join(folder, 'written')
before(async () => {
  chmodSync(folder, 0o777)
  writeFileSync(secret, 'the platform’s own data', { mode: 0o666 })
  runner = await startRunner()
})
after(async () => {
  await runner.stop()
  rmSync(folder, { recursive: true })
})

const DENIED =
  /ERR_ACCESS_DENIED|restricted|requires full fs|of undefined \(reading 'DatabaseSync'\)|not available|No such built-in|Cannot find module|not a function|not a constructor/

const path = JSON.stringify
const ESCAPES: Readonly<Record<string, string>> = {
  '[R1] [247] reads /etc/passwd': `require('fs').readFileSync('/etc/passwd')`,
  '[R2] [247] reads a file of the platform': `require('fs').readFileSync(${path(secret)})`,
  '[R2] reads it by promises': `await require('fs/promises').readFile(${path(secret)})`,
  '[R2] reads it through another way in': `process.getBuiltinModule('fs').readFileSync(${path(secret)})`,
  '[R2] opens it as a blob': `await (await require('fs').openAsBlob(${path(secret)})).text()`,
  '[R2] imports it': `await import('file://' + ${path(secret)})`,
  '[R2] requires it': `require(${path(secret)})`,
  '[R2] reads the server’s code': `require('fs').readFileSync(${path(import.meta.filename)})`,
  '[R3] lists the root': `require('fs').readdirSync('/')`,
  '[R4] writes a file': `require('fs').writeFileSync(${path(written)}, 'x')`,
  '[R4] writes a compile cache': `if (require('module').enableCompileCache(${path(written)}).status !== 1) throw new Error('not available')`,
  '[R5] makes a symlink': `require('fs').symlinkSync('/etc/passwd', ${path(written)})`,
  '[R6] [247] reads the server’s environment': `require('fs').readFileSync('/proc/' + process.ppid + '/environ')`,
  '[R6] reads its own environment': `require('fs').readFileSync('/proc/self/environ')`,
  '[R7] opens the server’s memory': `require('fs').openSync('/proc/' + process.ppid + '/mem', 'r+')`,
  '[R8] opens a database': `new (require('node:sqlite').DatabaseSync)(${path(written)})`,
  '[R8] opens a database by another name': `new (process.getBuiltinModule('node:sqlite').DatabaseSync)(${path(written)})`,
  '[R10] [248] takes a binding': `process.binding('fs')`,
  '[R11] takes a linked binding': `process._linkedBinding('fs')`,
  '[R12] [248] loads an addon': `process.dlopen({ exports: {} }, '/x.node')`,
  '[R12] requires an addon': `require('/x.node')`,
  '[R13] opens a library': `new (require('node:ffi').DynamicLibrary)('libc.so.6')`,
  '[R14] [248] mounts the root in WASI': `new (require('node:wasi').WASI)({ version: 'preview1', preopens: { '/': '/' } })`,
  '[R15] [248] spawns a child': `require('child_process').spawnSync('id').error && (() => { throw require('child_process').spawnSync('id').error })()`,
  '[R15] executes a file': `require('child_process').execFileSync('/bin/true')`,
  '[R16] forks a cluster': `const c = require('cluster'); c.setupPrimary({ exec: '/x.js' }); c.fork()`,
  '[R17] forks': `require('child_process').fork('/x.js')`,
  '[R18] replaces the process': `process.execve('/bin/true', ['true'])`,
  '[R19] [248] starts a worker': `new (require('worker_threads').Worker)('1', { eval: true })`,
  '[R20] opens an inspector': `require('inspector').open(0)`,
  '[R20] opens an inspector session': `new (require('inspector').Session)().connect()`,
  '[R21] signals the server': `process.kill(process.ppid, 0)`,
  '[R21] signals it by the inner function': `process._kill(process.ppid, 0)`,
  '[R22] opens the server’s inspector': `process._debugProcess(process.ppid)`,
  '[R23] renices the server': `require('os').setPriority(process.ppid, 10)`,
  '[R24] sets flags of V8': `require('v8').setFlagsFromString('--no-wasm-bounds-checks')`,
  '[R24] sets them by import': `(await import('node:v8')).setFlagsFromString('--allow-natives-syntax')`,
  'writes a heap snapshot': `require('v8').writeHeapSnapshot(${path(written)})`,
  'writes a report': `process.report.writeReport(${path(written)})`,
  'changes its user': `process.setuid(0)`,
  'changes its folder': `process.chdir('/tmp')`,
  'traces events to a file': `require('trace_events').createTracing({ categories: ['node'] }).enable()`,
  '[R30] takes the socket of the system from under TLS': `await new Promise((ok, no) => new (require('tls').TLSSocket)().on('error', no).connect(80, '127.0.0.1', ok))`,
  '[R31] connects to a unix socket': `await new Promise((ok, no) => require('net').connect(${path(secret)}, ok).on('error', no))`,
  '[R32] listens': `await new Promise((ok, no) => require('net').createServer().on('error', no).listen(0, ok))`,
  '[R32] listens for http': `await new Promise((ok, no) => require('http').createServer().on('error', no).listen(0, ok))`,
  '[R32] listens on a unix socket': `await new Promise((ok, no) => require('net').createServer().on('error', no).listen(${path(written)}, ok))`,
  '[R33] [245] sends a datagram': `await new Promise((ok, no) => require('dgram').createSocket('udp4').on('error', no).send('x', 53, '127.0.0.1', (e) => e ? no(e) : ok()))`,
  '[R34] [245] resolves a name with a server of its own': `const r = new (require('dns').promises.Resolver)(); r.setServers(['127.0.0.1']); await r.resolve4('secret.example.com')`,
  '[R34] resolves a name by the system': `await require('dns').promises.lookup('secret.example.com')`,
}

for (const [name, code] of Object.entries(ESCAPES)) {
  test(`wall: a step is denied when it ${name}`, async () => {
    const { outcome } = await runner.code(`${code}; return 'escaped'`, { timeoutMs: 5_000 })
    assert.notEqual(outcome.steps[0]!.exports['$return_value'], 'escaped')
    assert.equal(outcome.status, 'failed')
    const { message, stack } = outcome.steps[0]!.error!
    assert.match(`${message} ${stack}`, DENIED)
    assert.equal(existsSync(written), false)
  })
}

test('wall: taking the wall’s patches off yields nothing', async () => {
  const { outcome } = await runner.code(
    `const results = {}
     const attempt = (name, run) => { try { run(); results[name] = 'escaped' } catch { results[name] = 'denied' } }
     for (const name of ['kill', 'binding', 'exit']) attempt('delete ' + name, () => delete process[name])
     attempt('kill', () => process.kill(process.ppid, 0))
     attempt('redefine', () => Object.defineProperty(process, 'kill', { value: () => 1 }))
     attempt('prototype', () => Object.getPrototypeOf(process).kill(process.ppid, 0))
     attempt('binding', () => process.binding('spawn_sync'))
     return results`,
  )
  assert.deepEqual(outcome.steps[0]!.exports['$return_value'], {
    'delete kill': 'denied',
    'delete binding': 'denied',
    'delete exit': 'denied',
    kill: 'denied',
    redefine: 'denied',
    prototype: 'denied',
    binding: 'denied',
  })
})

test('wall: the server’s facts are not in the guest: environment, arguments, folder, user', async () => {
  const { outcome } = await runner.code(
    `return { env: Object.keys(process.env), argv: process.argv.length, cwd: process.cwd(), uid: process.getuid(), groups: process.getgroups() }`,
  )
  const facts = outcome.steps[0]!.exports['$return_value'] as Record<string, unknown>
  assert.deepEqual(facts['env'], [])
  assert.equal(facts['argv'], 1)
  assert.equal(facts['cwd'], '/')
  if (process.getuid?.() === 0) {
    assert.equal(facts['uid'], 65_534)
    assert.ok(!(facts['groups'] as number[]).includes(0))
  }
})
