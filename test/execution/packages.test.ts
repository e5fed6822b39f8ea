/** Sets of packages: what gets into one, what is kept out, and when one goes. The registry is our own. */
import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createInstaller } from '../../src/execution/installer.ts'
import { sealSet } from '../../src/execution/install/seal-set.ts'
import { readNpmSettings } from '../../src/execution/npm-settings.ts'
import { Packages } from '../../src/execution/packages.ts'
import { collectPackages } from '../../src/maintenance/collect-packages.ts'
import { limits } from '../../src/model/limits.ts'
import type { PinnedPackages, Step } from '../../src/model/workflow.ts'
import { startRegistry } from '../support/registry.ts'

const importing = (...specifiers: readonly string[]): Step[] => [
  { type: 'code', name: 'nodejs', code: specifiers.map((name) => `require('${name}')`).join('\n') },
]

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-packages-'))
  const locks = new Map<string, string>()
  const store = {
    keepPackageSet: async (hash: string, lock: string) => void locks.set(hash, lock),
    findPackageSet: async (hash: string) => locks.get(hash),
    dropPackageSets: async () => [...locks.keys()],
  }
  const install = createInstaller(() => readNpmSettings(process.env))
  const deps = { store, clock: systemClock, install, closedToGuests: () => null }
  const packages = new Packages(deps, join(folder, 'packages'))
  await packages.start()
  t.after(async () => {
    await packages.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    packages,
    store,
    locks,
    folder,
    sets: join(folder, 'packages'),
    prepare: (...specifiers: string[]) => packages.prepare(importing(...specifiers), null),
    /** The reason why a set cannot be had. */
    refusal: (...specifiers: string[]) =>
      packages.prepare(importing(...specifiers), null).then(
        () => assert.fail('it was installed'),
        (error: Error) => error.message,
      ),
  }
}

/** Every entry of a set, by its path. */
async function entriesOf(set: string): Promise<string[]> {
  const entries = await readdir(set, { recursive: true, withFileTypes: true })
  return entries.map(({ parentPath, name }) => join(parentPath, name))
}

test('packages: an installing process that dies while it speaks is a failed installation', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-packages-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const entry = join(folder, 'dies.mjs')
  await writeFile(entry, `process.stdout.write('{"kind":"done","inst', () => process.abort())`)
  const install = createInstaller(() => readNpmSettings(process.env), entry)
  const job = { folder, stage: 'stage', ranges: { some: '*' }, lock: null, renew: [] }
  await assert.rejects(
    install(job, () => undefined, new AbortController().signal),
    /Cannot install package some: the installing process ended with SIGABRT/,
  )
})

test('[R70] packages: none comes from Git, an address or a folder, not as a need of another either', async (t) => {
  const needs = (dependency: string, name: string) => ({
    name,
    version: '1.0.0',
    manifest: { dependencies: { needed: dependency } },
  })
  const { url, asked } = await startRegistry(
    t,
    needs('git+https://127.0.0.1:1/a/b.git', 'of-git'),
    needs('http://127.0.0.1:1/needed.tgz', 'of-address'),
    needs('file:../../../../etc', 'of-folder'),
    needs('npm:plain@^1.0.0', 'of-alias'),
    { name: 'plain', version: '1.0.0' },
  )
  const { refusal, prepare, packages } = await setUp(t)
  for (const name of ['of-git', 'of-address', 'of-folder']) {
    assert.match(
      await refusal(name),
      /^Cannot install package \S+: it comes from Git, an address or a folder/,
      name,
    )
  }
  const alias = await prepare('of-alias')
  const set = await packages.folderOf(alias!)
  assert.ok(
    existsSync(join(set, 'node_modules/needed/package.json')),
    'another name is only a name',
  )
  assert.ok(asked.length > 0 && url.startsWith('http://127.0.0.1'))
  for (const spec of ['left@git+https://x', 'left@file:x', 'left@https://x/y.tgz', '../left']) {
    assert.match(await refusal(spec), /only Node's own modules and packages of the npm registry/)
  }
})

test('[R71] packages: no script of a package is run', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-marker-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const marker = join(folder, 'was-run')
  const run = `node -e "require('fs').writeFileSync('${marker}', '')"`
  const names = ['preinstall', 'install', 'postinstall', 'prepare', 'prepack', 'preprepare']
  await startRegistry(t, {
    name: 'scripted',
    version: '1.0.0',
    files: { 'binding.gyp': '{}' },
    manifest: { scripts: Object.fromEntries(names.map((name) => [name, run])), gypfile: true },
  })
  const { prepare, packages } = await setUp(t)
  const set = await packages.folderOf((await prepare('scripted'))!)
  assert.ok(existsSync(join(set, 'node_modules/scripted/binding.gyp')))
  assert.equal(existsSync(marker), false)
})

test('[R72] packages: a set holds regular files and folders alone, which nobody may write', async (t) => {
  await startRegistry(t, {
    name: 'linked',
    version: '1.0.0',
    files: { '../../escaped.js': 'x', 'lib/kept.js': 'x' },
    links: { passwd: '/etc/passwd', 'lib/up': '../../../..' },
    manifest: { bin: { linked: 'lib/kept.js' } },
  })
  const { prepare, packages, sets } = await setUp(t)
  const set = await packages.folderOf((await prepare('linked'))!)
  const entries = await entriesOf(set)
  assert.ok(entries.some((path) => path.endsWith('lib/kept.js')))
  for (const path of [set, ...entries]) {
    const { mode } = await lstat(path)
    const kind = mode & 0o170000
    assert.ok(kind === 0o100000 || kind === 0o040000, `${path} is a file or a folder`)
    assert.equal(mode & 0o222, 0, `${path} is read-only`)
  }
  const names = (await entriesOf(sets)).filter((path) => /passwd|escaped|up$|\.bin/.test(path))
  assert.deepEqual(names, [])
})

test('[R72] packages: a link that got into a set all the same is refused by name', async (t) => {
  const { folder } = await setUp(t)
  const set = join(folder, 'set/node_modules/@a/b')
  await mkdir(set, { recursive: true })
  await symlink('/etc/passwd', join(set, 'link'))
  assert.throws(() => sealSet(join(folder, 'set')), {
    package: '@a/b',
    message: 'it holds node_modules/@a/b/link, which is no regular file',
  })
})

test('packages: one that is a bomb is refused, and nothing of it stays', async (t) => {
  // Not as dense as zeros alone, which already the unpacking refuses.
  const large = Buffer.alloc(limits.packageSetBytes + 1)
  for (let at = 0; at < limits.packageSetBytes; at += 32_768) randomFillSync(large, at, 100)
  await startRegistry(
    t,
    { name: 'bomb', version: '1.0.0', files: { 'zeros.bin': Buffer.alloc(32 * 1024 * 1024) } },
    { name: 'large', version: '1.0.0', files: { 'large.bin': large } },
  )
  const { refusal, sets } = await setUp(t)
  assert.match(await refusal('bomb'), /^Cannot install package bomb: .* cannot be unpacked/)
  assert.match(await refusal('large'), /^Cannot install package large: it takes over 200 MiB/)
  const left = (await readdir(sets)).filter((name) => !name.startsWith('.'))
  assert.deepEqual([left, await readdir(join(sets, '.staging'))], [[], []])
})

test('packages: one whose bytes are not those that were stated is refused', async (t) => {
  const registry = await startRegistry(t, { name: 'changed', version: '1.0.0' })
  registry.corrupt('changed')
  const { refusal } = await setUp(t)
  assert.match(await refusal('changed'), /another checksum than stated/)
})

test('packages: the same need is one set, which is kept while a version names it', async (t) => {
  const plain = { name: 'plain', version: '1.0.0', files: { 'a.js': 'module.exports = 1' } }
  await startRegistry(t, plain)
  const { prepare, packages, store, locks, sets } = await setUp(t)
  const first = (await prepare('plain@1'))!
  const same = (await prepare('plain@1', 'plain'))!
  assert.deepEqual(same, first)
  assert.match(first.hash, /^[\da-f]{64}$/)
  assert.doesNotMatch(locks.get(first.hash)!, /127\.0\.0\.1/, 'the lock names no registry')

  const later = { ...systemClock, nowMs: () => Date.now() + 2 * limits.packagesUnusedMs }
  await collectPackages({ store, clock: later }, sets)
  assert.ok(existsSync(join(sets, first.hash)), 'on record')
  locks.delete(first.hash)
  await collectPackages({ store, clock: systemClock }, sets)
  assert.ok(existsSync(join(sets, first.hash)), 'fresh')
  await collectPackages({ store, clock: later }, sets)
  assert.equal(existsSync(join(sets, first.hash)), false)
  assert.deepEqual(await readdir(join(sets, '.staging')), [])
  await assert.rejects(packages.folderOf(first), /its lock is not on record/)
})

test('packages: a set that is gone comes back from its lock, file for file, without the registry', async (t) => {
  const registry = await startRegistry(t, { name: 'plain', version: '1.0.0' })
  const { prepare, packages, sets } = await setUp(t)
  const pinned = (await prepare('plain')) as PinnedPackages
  registry.add({ name: 'plain', version: '1.1.0' })
  await registry.stop()
  for (const path of [join(sets, pinned.hash), ...(await entriesOf(join(sets, pinned.hash)))])
    await chmod(path, 0o755)
  await rm(join(sets, pinned.hash), { recursive: true })
  const set = await packages.folderOf(pinned)
  const manifest = await readFile(join(set, 'node_modules/plain/package.json'), 'utf8')
  assert.equal(JSON.parse(manifest).version, '1.0.0')
})

test('packages: without an answer of the registry, and nothing kept, the save says so', async (t) => {
  const registry = await startRegistry(t, { name: 'plain', version: '1.0.0' })
  await registry.stop()
  const { refusal } = await setUp(t)
  assert.equal(
    await refusal('plain'),
    'Cannot install packages: the npm registry does not answer (ECONNREFUSED), try again later',
  )
})

test('npm settings: variables come before the files of user and machine, and only the registry is read', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-npmrc-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const userconfig = join(folder, 'npmrc')
  await writeFile(
    userconfig,
    '; a comment\nregistry = https://one.example/\n//one.example/:_authToken=${TOKEN}\n@a:registry=https://two.example/\nscript-shell=/bin/evil\nstrict-ssl=false\n',
  )
  const environment = { npm_config_userconfig: userconfig, TOKEN: 'secret', SECRET: 'x' }
  const global = { npm_config_globalconfig: join(folder, 'none') }
  const read = readNpmSettings({ ...environment, ...global, HTTPS_PROXY: 'http://proxy.example' })
  assert.deepEqual(read.options, {
    registry: 'https://one.example/',
    '//one.example/:_authToken': 'secret',
    '@a:registry': 'https://two.example/',
    strictSSL: false,
  })
  assert.deepEqual(read.environment, { HTTPS_PROXY: 'http://proxy.example' })
  const over = { ...environment, ...global, npm_config_registry: 'https://three.example/' }
  assert.equal(readNpmSettings(over).options['registry'], 'https://three.example/')
})
