/** How values are sealed, and how the one key is found, drawn and held to. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { SecretKey } from '../../src/account/secret-key.ts'
import { createSecretBox, parseSecretKey } from '../../src/account/secrets.ts'
import { systemClock } from '../../src/clock.ts'

const deps = { clock: systemClock }
const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

test('[216] secrets: what is sealed opens again, and looks like nothing twice alike', () => {
  const box = createSecretBox(deps, key(1))
  const sealed = box.seal('Łódź canary', 'variable|1|KEY')
  assert.equal(box.open(sealed, 'variable|1|KEY'), 'Łódź canary')
  assert.doesNotMatch(Buffer.from(sealed, 'base64').toString('latin1'), /canary/)
  assert.notEqual(box.seal('Łódź canary', 'variable|1|KEY'), sealed)
})

test('[217] secrets: moved to another account or name, changed, or under another key, it does not open', () => {
  const box = createSecretBox(deps, key(1))
  const sealed = box.seal('canary', 'variable|1|KEY')
  assert.equal(box.open(sealed, 'variable|2|KEY'), undefined)
  assert.equal(box.open(sealed, 'variable|1|OTHER'), undefined)
  assert.equal(createSecretBox(deps, key(2)).open(sealed, 'variable|1|KEY'), undefined)
  const bytes = Buffer.from(sealed, 'base64')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1
    assert.equal(box.open(changed.toString('base64'), 'variable|1|KEY'), undefined, `byte ${at}`)
  }
  for (const text of ['', 'AQ==', sealed.slice(0, 20)]) {
    assert.equal(box.open(text, 'variable|1|KEY'), undefined)
  }
})

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-key-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  let mark: string | null = null
  const store = {
    readSecretKeyMark: async () => mark,
    markSecretKey: async (proposed: string) => (mark ??= proposed),
  }
  const file = join(folder, 'secret.key')
  const open = async (secretKey: Uint8Array | null = null) => {
    const found = new SecretKey({ ...deps, store }, { secretKey, folder })
    await found.start()
    return found.box
  }
  return { file, open }
}

test('[218] secret key: the first start draws one, for its owner alone; the next ones use it', async (t) => {
  const { file, open } = await setUp(t)
  const sealed = (await open()).seal('canary', 'x')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const drawn = await readFile(file, 'utf8')
  assert.equal(parseSecretKey(drawn)!.length, 32)
  assert.equal((await open()).open(sealed, 'x'), 'canary')
  assert.equal(await readFile(file, 'utf8'), drawn)
})

test('[218] secret key: lost, wrong or no key at all, nothing opens and none is drawn anew', async (t) => {
  const { file, open } = await setUp(t)
  await open()
  const drawn = await readFile(file, 'utf8')
  await writeFile(file, Buffer.from(key(7)).toString('base64'))
  await assert.rejects(open(), { code: 'secret_key_wrong' })
  await assert.rejects(open(key(8)), (error: Error) => {
    assert.match(error.message, /the key in SENDOFF_SECRET_KEY is not the one/)
    return true
  })
  for (const text of ['', 'short', 'x'.repeat(44), `${drawn}${drawn}`]) {
    await writeFile(file, text)
    await assert.rejects(open(), { code: 'secret_key_unreadable' })
  }
  await rm(file)
  await assert.rejects(open(), { code: 'secret_key_missing' })
  assert.equal(existsSync(file), false)
  await open(parseSecretKey(drawn))
  assert.equal(existsSync(file), false, 'the setting stays where it is')
})
