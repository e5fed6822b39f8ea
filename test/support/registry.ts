/**
 * A registry of npm packages on loopback, for packages that no real one would carry: with install
 * scripts, links, bombs, dependencies out of Git. It serves what it is given and keeps what it was asked.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'

export type TestPackage = {
  readonly name: string
  readonly version: string
  /** Texts by path; package.json is made. */
  readonly files?: Readonly<Record<string, string | Buffer>>
  /** Symbolic links: path, and where it leads. */
  readonly links?: Readonly<Record<string, string>>
  /** More of package.json. */
  readonly manifest?: object
}

export type TestRegistry = {
  readonly url: string
  /** Paths, in order. */
  readonly asked: string[]
  add(...packages: readonly TestPackage[]): void
  /** From now on other bytes come than are stated. */
  corrupt(name: string): void
  /** From now on answers wait for the function that it returns. */
  hold(): () => void
  /** From now on nobody answers. */
  stop(): Promise<void>
}

/** Starts a registry and makes npm's settings name it, until the test is over. */
export async function startRegistry(
  t: TestContext,
  ...packages: readonly TestPackage[]
): Promise<TestRegistry> {
  const all = new Map<string, Map<string, { manifest: object; tarball: Buffer }>>()
  const asked: string[] = []
  let released = Promise.resolve()
  const hold = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    released = promise
    return resolve
  }
  const server = createServer(
    (request, response) => void released.then(() => answer(request, response)),
  )
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = decodeURIComponent(request.url!.slice(1))
    asked.push(path)
    const [, name = path, version] = /^(.+)\/-\/(.+)\.tgz$/.exec(path) ?? []
    const versions = all.get(name)
    const tarball = version === undefined ? undefined : versions?.get(version)?.tarball
    if (tarball) {
      response.end(corrupted.has(name) ? gzipSync('other bytes') : tarball)
    } else if (!versions || version !== undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
    } else {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(packument(name, versions)))
    }
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

  const packument = (
    name: string,
    versions: ReadonlyMap<string, { manifest: object; tarball: Buffer }>,
  ): object => ({
    name,
    'dist-tags': { latest: [...versions.keys()].at(-1) },
    versions: Object.fromEntries(
      [...versions].map(([version, { manifest, tarball }]) => {
        const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
        const shasum = createHash('sha1').update(tarball).digest('hex')
        const dist = { tarball: `${url}${name}/-/${version}.tgz`, integrity, shasum }
        return [version, { ...manifest, dist }]
      }),
    ),
  })
  const add = (...more: readonly TestPackage[]): void => {
    for (const one of more) {
      const { name, version, files = {}, links = {}, manifest: rest = {} } = one
      const manifest = { name, version, main: 'index.js', ...rest }
      const texts = { 'package.json': JSON.stringify(manifest), 'index.js': '', ...files }
      const versions = all.get(name) ?? new Map()
      all.set(name, versions.set(version, { manifest, tarball: tarballOf(texts, links) }))
    }
  }
  add(...packages)
  const corrupted = new Set<string>()
  let stopped: Promise<unknown> | undefined
  const stop = async (): Promise<void> => {
    stopped ??= new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await stopped
  }
  useRegistry(t, url)
  t.after(stop)
  return { url, asked, add, corrupt: (name) => void corrupted.add(name), hold, stop }
}

/** Sets npm of this process to a registry, until the test is over. */
export function useRegistry(t: TestContext, url: string): void {
  const before = process.env['npm_config_registry']
  process.env['npm_config_registry'] = url
  t.after(() => {
    if (before === undefined) delete process.env['npm_config_registry']
    else process.env['npm_config_registry'] = before
  })
}

/** A gzipped ustar archive, everything in it below `package/`. */
function tarballOf(
  files: Readonly<Record<string, string | Buffer>>,
  links: Readonly<Record<string, string>>,
): Buffer {
  const parts: Buffer[] = []
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content as string)
    parts.push(tarHeader(`package/${path}`, bytes.length, '0', ''), bytes)
    parts.push(Buffer.alloc((512 - (bytes.length % 512)) % 512))
  }
  for (const [path, target] of Object.entries(links)) {
    parts.push(tarHeader(`package/${path}`, 0, '2', target))
  }
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1_024)]))
}

function tarHeader(path: string, size: number, type: string, target: string): Buffer {
  const header = Buffer.alloc(512)
  const put = (text: string, at: number): void => void header.write(text, at, 'latin1')
  put(path, 0)
  put('0000644\0', 100)
  put('0000000\0', 108)
  put('0000000\0', 116)
  put(`${size.toString(8).padStart(11, '0')}\0`, 124)
  put('00000000000\0', 136)
  put('        ', 148)
  put(type, 156)
  put(target, 157)
  put('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}
