/** What a step learns of the machine it runs on, and what is left when it takes the wall's patches off. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { jobOf, startRunner } from '../../support/run-code.ts'
import type { TestRunner } from '../../support/run-code.ts'
import { lacks, wallOf } from '../../support/walls.ts'

for (const level of ['process', 'strict'] as const) {
  describe(`facts at level ${level}`, { skip: lacks(level) }, () => {
    let runner: TestRunner
    before(async () => (runner = await startRunner({ isolation: await wallOf(level) })))
    after(() => runner.stop())

    const told = async (code: string, env: Readonly<Record<string, string>> = {}) => {
      const { outcome } = await runner.code(code, { env })
      assert.equal(outcome.message, null)
      return outcome.steps[0]!.exports['$return_value'] as Readonly<Record<string, unknown>>
    }

    test(`[R9] facts: ${level}: the environment is the account's variables and nothing else`, async () => {
      const keys = await told(
        `return { own: Object.keys(process.env), inherited: [...function* () { for (const name in process.env) yield name }()] }`,
        { API_KEY: 'x' },
      )
      assert.deepEqual(keys, { own: ['API_KEY'], inherited: ['API_KEY'] })
    })

    test(`facts: ${level}: arguments, folder, user and groups say nothing of the server`, async () => {
      const facts = await told(
        `return { argv: process.argv.length, cwd: process.cwd(), uid: process.getuid(), groups: process.getgroups().includes(0), home: require('os').homedir() }`,
      )
      assert.equal(facts['argv'], 1)
      assert.equal(facts['cwd'], '/')
      if (process.getuid?.() !== 0 && level === 'process') return
      assert.equal(facts['uid'], 65_534)
      assert.equal(facts['groups'], false)
    })

    test(`facts: ${level}: the packages of the program are read, by require and by import, and no others`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sendoff-packages-'))
      for (const [set, text] of Object.entries({ own: 'its own', other: 'another’s' })) {
        const small = join(folder, set, 'node_modules/small')
        mkdirSync(small, { recursive: true })
        writeFileSync(join(small, 'index.js'), `module.exports = ${JSON.stringify(text)}`)
      }
      chmodSync(folder, 0o755)
      const job = jobOf(`
        const other = ${JSON.stringify(join(folder, 'other/node_modules/small/index.js'))}
        const refused = await import('file://' + other).catch((error) => error.code)
        return [require('small'), (await import('small')).default, refused]`)
      const packages = join(folder, 'own')
      const { outcome } = await runner.run({ ...job, program: { ...job.program, packages } })
      rmSync(folder, { recursive: true })
      assert.equal(outcome.message, null)
      const refused = level === 'process' ? 'ERR_ACCESS_DENIED' : 'ERR_MODULE_NOT_FOUND'
      assert.deepEqual(outcome.steps[0]!.exports['$return_value'], ['its own', 'its own', refused])
    })

    test(`facts: ${level}: taking the wall's patches off yields nothing`, async () => {
      const results = await told(
        `const results = {}
         const attempt = (name, run) => { try { run(); results[name] = 'escaped' } catch { results[name] = 'denied' } }
         for (const name of ['kill', 'binding', 'exit']) attempt('delete ' + name, () => delete process[name])
         attempt('kill', () => process.kill(process.ppid, 0))
         attempt('redefine', () => Object.defineProperty(process, 'kill', { value: () => 1 }))
         attempt('prototype', () => Object.getPrototypeOf(process).kill(process.ppid, 0))
         attempt('binding', () => process.binding('spawn_sync'))
         return results`,
      )
      assert.deepEqual(
        Object.entries(results).filter(([, result]) => result !== 'denied'),
        [],
      )
      assert.equal(Object.keys(results).length, 7)
    })
  })
}

test(
  'facts: strict: host, processes, files and interfaces are those of the sandbox',
  { skip: lacks('strict') },
  async () => {
    const runner = await startRunner({ isolation: await wallOf('kernel alone') })
    const { outcome } = await runner.code(
      `const fs = require('fs'), os = require('os')
     const interfaces = () => { try { return Object.keys(os.networkInterfaces()) } catch { return [] } }
     return {
       host: os.hostname(), node: process.execPath, pid: process.pid, parent: process.ppid,
       processes: fs.readdirSync('/proc').filter((name) => Number(name) > 0),
       root: fs.readdirSync('/').filter((name) => !['lib', 'lib64', 'usr', 'proc'].includes(name)).toSorted(),
       devices: fs.readdirSync('/dev').toSorted(), interfaces: interfaces(),
       open: fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch { return '' } }).filter((path) => path.startsWith('/') && !/^\\/(?:proc|dev)\\//.test(path)),
       limits: fs.readFileSync('/proc/self/limits', 'utf8').split('\\n').filter((line) => /file size|core|data size|open files/.test(line)).map((line) => line.replaceAll(/ +/g, ' ')),
     }`,
    )
    await runner.stop()
    assert.equal(outcome.message, null)
    const facts = outcome.steps[0]!.exports['$return_value'] as Readonly<Record<string, unknown>>
    const { limits, host, ...rest } = facts
    assert.equal(host, 'sandbox')
    assert.notEqual(host, hostname())
    assert.deepEqual(rest, {
      node: '/node',
      pid: 1,
      parent: 0,
      processes: ['1'],
      root: ['dev', 'node'],
      devices: ['null', 'random', 'urandom'],
      interfaces: [],
      open: [],
    })
    assert.match(String(limits), /Max file size 0 0 bytes/)
    assert.match(String(limits), /Max core file size 0 0 bytes/)
    assert.match(String(limits), /Max open files 256 256 files/)
    assert.match(String(limits), /Max data size (\d+) \1 bytes/)
  },
)
