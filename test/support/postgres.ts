/**
 * A PostgreSQL of its own for a test: a cluster in a folder that is removed, on a free port of loopback,
 * with a password. It does not run as root, so where the tests do, it runs as the user postgres.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const VERSIONS = '/usr/lib/postgresql'
const PASSWORD = 'a-password-of-the-tests'

/** The folder of its commands, of the newest version that is installed. */
const bin: string | undefined = existsSync(VERSIONS)
  ? readdirSync(VERSIONS)
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => join(VERSIONS, version, 'bin'))
      .find((folder) => existsSync(join(folder, 'initdb')))
  : undefined

/** The `skip` option of a test that needs it. */
export const withoutPostgres: string | false = bin ? false : 'no postgres'

/** Starts it and resolves to its address, `postgres://...`. */
export async function startPostgres(t: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sendoff-postgres-'))
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, PASSWORD)
  const user = process.getuid!() === 0 ? userOf('postgres') : undefined
  if (user) for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid)
  const options = { ...user, cwd: folder, env: { LANG: 'C.UTF-8' } }
  const made = spawnSync(
    join(bin!, 'initdb'),
    ['-D', data, '-U', 'postgres', '--pwfile', passwordFile, '-A', 'scram-sha-256', '--no-sync'],
    { ...options, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb ended with ${made.status}: ${made.stderr}`)
  const port = await freePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    'fsync=off',
  ]
  const server = spawn(
    join(bin!, 'postgres'),
    ['-D', data, ...settings.flatMap((one) => ['-c', one])],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const ended = once(server, 'exit')
  t.after(async () => {
    server.kill('SIGINT') // Its own name for a fast shutdown.
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    server.stderr.on('data', (chunk: Buffer) => {
      said += String(chunk)
      if (said.includes('ready to accept connections')) resolve()
    })
    void ended.then(() => reject(new Error(`PostgreSQL did not start: ${said}`)))
  })
  return `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`
}

function userOf(name: string): { uid: number; gid: number } {
  const id = (flag: string): number =>
    Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
