/**
 * The one way out, at each level: the tunnel through the real guard. What must not be reached listens on
 * loopback and counts who comes.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { createEgress } from '../../../src/egress/connector.ts'
import { dialTcp } from '../../../src/egress/guarded-socket.ts'
import { createTunnel } from '../../../src/egress/tunnel.ts'
import { startRunner } from '../../support/run-code.ts'
import type { TestRunner } from '../../support/run-code.ts'
import { spellings } from '../../support/spellings.ts'
import { lacks, wallOf } from '../../support/walls.ts'

let visits = 0
const target = createServer((socket) => {
  visits++
  // The guard may drop it at once.
  socket.on('error', () => {})
  socket.end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nsecret')
})
const redirector = createHttpServer((request, response) => {
  response.writeHead(302, { location: decodeURIComponent(request.url!.slice(1)) }).end()
})
const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port

const METADATA = [
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00:ec2::254]/latest/meta-data/',
  'http://metadata.google.internal/',
  'http://100.100.100.200/',
  'http://168.63.129.16/',
]
/** Ways to dial that do not go through fetch. */
const CLIENTS = {
  net: `await new Promise((done, fail) => require('net').connect(port, host).on('connect', done).on('error', fail))`,
  http: `await new Promise((done, fail) => require('http').get({ host, port }, done).on('error', fail))`,
  https: `await new Promise((done, fail) => require('https').get({ host, port }, done).on('error', fail))`,
  http2: `await new Promise((done, fail) => require('http2').connect('http://' + host + ':' + port).on('remoteSettings', done).on('error', fail))`,
  tls: `await new Promise((done, fail) => require('tls').connect(port, host, done).on('error', fail))`,
  websocket: `await new Promise((done, fail) => { const socket = new WebSocket('ws://' + host + ':' + port); socket.onopen = done; socket.onerror = fail })`,
  'a socket of its own lookup': `await new Promise((done, fail) => require('net').connect({ port, host: 'example.com', lookup: (name, options, found) => found(null, options.all ? [{ address: host, family: 4 }] : host, 4) }).on('connect', done).on('error', fail))`,
  'a socket by a file descriptor': `new (require('net').Socket)({ fd: 0 }); throw new Error('no way out')`,
} as const

before(async () => {
  target.listen(0, '127.0.0.1')
  redirector.listen(0, '127.0.0.1')
  await Promise.all([once(target, 'listening'), once(redirector, 'listening')])
})
after(() => {
  target.close()
  redirector.close()
  redirector.closeAllConnections()
})

for (const level of ['process', 'strict'] as const) {
  describe(`network at level ${level}`, { skip: lacks(level) }, () => {
    let runner: TestRunner
    let asked = 0
    const dialled: string[] = []

    before(async () => {
      const egress = createEgress(
        {
          clock: systemClock,
          // The first answer is public, every later one private.
          lookup: async () => (asked++ === 0 ? ['203.0.114.7'] : ['127.0.0.1']),
          dial: (address, port) => {
            dialled.push(address)
            return dialTcp('127.0.0.1', port)
          },
        },
        { allow: [`127.0.0.1/32:${portOf(redirector)}`] },
      )
      const isolation = await wallOf(level)
      runner = await startRunner({ isolation, tunnel: createTunnel(egress), blanks: 0 })
    })
    after(() => runner.stop())

    /** Runs it for each item and returns those that it reached. */
    async function reached(items: readonly string[], attempt: string): Promise<unknown> {
      const { outcome } = await runner.code(
        `const reached = []; const port = ${portOf(target)}, host = '127.0.0.1'
         process.on('unhandledRejection', () => {})
         for (const item of ${JSON.stringify(items)}) { try { ${attempt}; reached.push(item) } catch {} }
         return reached`,
      )
      assert.equal(outcome.message, null)
      return outcome.steps[0]!.exports['$return_value']
    }

    test(`[R25] [R26] network: ${level}: loopback is not reached by any spelling`, async () => {
      const hosts = [...spellings('127.0.0.1'), 'localhost', 'LOCALHOST.', '[::1]', '0.0.0.0', '0']
      const earlier = visits
      assert.deepEqual(
        await reached(hosts, `await (await fetch('http://' + item + ':' + port + '/')).text()`),
        [],
      )
      assert.equal(visits, earlier)
    })

    test(`[R27] network: ${level}: metadata services are not reached`, async () => {
      dialled.length = 0
      assert.deepEqual(await reached(METADATA, `await (await fetch(item)).text()`), [])
      assert.deepEqual(dialled, [])
    })

    test(`[R28] network: ${level}: a name that answers public and then private is dialled where it was checked, and never again`, async () => {
      asked = 0
      dialled.length = 0
      const earlier = visits
      const got = await reached(
        ['first', 'second', 'third'],
        `await (await fetch('http://rebind.example:' + port + '/')).text()`,
      )
      // Where it was dialled stands loopback in this test: the guard finds that out before a byte is sent.
      assert.deepEqual(got, [])
      assert.deepEqual(dialled, ['203.0.114.7'])
      assert.equal(asked, 3)
      assert.ok(visits - earlier <= 1)
    })

    test(`[R29] network: ${level}: a redirect to a private address is not followed there`, async () => {
      const places = [
        `http://127.0.0.1:${portOf(target)}/`,
        `//[::1]:${portOf(target)}/`,
        METADATA[0]!,
      ]
      const earlier = visits
      const got = await reached(
        places,
        `await fetch('http://127.0.0.1:${portOf(redirector)}/' + encodeURIComponent(item))`,
      )
      assert.deepEqual(got, [])
      assert.equal(visits, earlier)
    })

    test(`[R25] network: ${level}: no client goes around the guard`, async () => {
      const earlier = visits
      const attempts = Object.entries(CLIENTS).map(
        ([name, code]) => `if (item === ${JSON.stringify(name)}) { ${code} }`,
      )
      assert.deepEqual(await reached(Object.keys(CLIENTS), attempts.join('\n')), [])
      assert.equal(visits, earlier)
    })
  })
}
