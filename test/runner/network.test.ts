/** The network of user code: all of it goes by the tunnel, behaves as Node's does, and ends with the run. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createSecureServer, createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { STREAM_WINDOW } from '../../src/runner/protocol.ts'
import type { Tunnel } from '../../src/runner/runner.ts'
import { createAuthority } from '../support/certificates.ts'
import { jobOf, openTunnel, requestOf, startRunner } from '../support/run-code.ts'
import type { TestRunner } from '../support/run-code.ts'
import { until } from '../support/until.ts'

const authority = createAuthority()
const pair = authority.issue('localhost')
const ca = JSON.stringify(authority.cert)
const sockets = new Set<Socket>()
const http = createHttpServer((request, response) => {
  if (request.url === '/never') return
  if (request.url === '/large') {
    response.end(Buffer.alloc(3_000_000, 7))
    return
  }
  let bytes = 0
  request.on('data', (chunk: Buffer) => (bytes += chunk.length))
  request.on('end', () => response.end(JSON.stringify({ url: request.url, bytes })))
})
const https = createHttpsServer(pair, (request, response) => response.end(`secure ${request.url}`))
const http2 = createHttp2Server((request, response) => response.end(`two ${request.url}`))
const http2s = createSecureServer(pair, (request, response) => response.end(`two s ${request.url}`))
const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
/** A little more than a stream may have under way, so that the last of it waits at the server's end. */
const PARTING_BYTES = STREAM_WINDOW + 10_000
const parting = createServer((socket) => socket.end(Buffer.alloc(PARTING_BYTES, 7)))
const servers: readonly Server[] = [http, https, http2, http2s, echo, parting]
const portOf = (server: unknown): number => ((server as Server).address() as AddressInfo).port

let runner: TestRunner
const dialled: string[] = []
const tunnel: Tunnel = async (target, signal) => {
  dialled.push(`${target.host}:${target.port}`)
  if (target.host === 'refused.example')
    throw Object.assign(new Error('Cannot connect: 10.0.0.1 is private'), { code: 'blocked' })
  // Not a port of this machine: whatever runs beside this test may listen on any.
  if (target.host === 'closed.example')
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  return openTunnel({ ...target, host: '127.0.0.1' }, signal)
}
before(async () => {
  for (const server of servers) {
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  runner = await startRunner({ tunnel })
})
after(async () => {
  await runner.stop()
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
})

const returned = async (code: string): Promise<unknown> => {
  const { outcome } = await runner.code(code)
  assert.equal(outcome.status, 'succeeded', outcome.steps[0]!.error?.stack ?? '')
  return outcome.steps[0]!.exports['$return_value']
}

test('[R36] network: fetch gets, posts and keeps its connections alive', async () => {
  const before = dialled.length
  const url = `http://web.example:${portOf(http)}`
  assert.deepEqual(
    await returned(
      `const all = []; for (let i = 0; i < 5; i++) { const r = await fetch('${url}/f' + i, { method: 'POST', body: 'x'.repeat(i * 100_000) }); all.push((await r.json()).bytes) } return all`,
    ),
    [0, 100_000, 200_000, 300_000, 400_000],
  )
  assert.ok(dialled.length - before <= 2, `${dialled.length - before} connections`)
})

test('[R36] network: http, with and without an agent of its own', async () => {
  const get = `(options) => new Promise((ok, no) => require('http').get({ host: 'web.example', port: ${portOf(http)}, path: '/h', ...options }, async (r) => { const { remoteAddress } = r.socket; ok([r.statusCode, (await r.toArray()).join(''), remoteAddress]) }).on('error', no))`
  const answer = [200, '{"url":"/h","bytes":0}', '127.0.0.1']
  assert.deepEqual(
    await returned(
      `const get = ${get}; return [await get(), await get({ agent: false }), await get({ agent: new (require('http').Agent)({ keepAlive: true }) })]`,
    ),
    [answer, answer, answer],
  )
})

test('[R36] [R37] network: https and tls verify the certificate, within the guest', async () => {
  const port = portOf(https)
  assert.equal(
    await returned(
      `return new Promise((ok, no) => require('https').get('https://localhost:${port}/s', { ca: ${ca} }, async (r) => ok((await r.toArray()).join(''))).on('error', no))`,
    ),
    'secure /s',
  )
  assert.deepEqual(
    await returned(
      `const s = require('tls').connect({ host: 'localhost', port: ${port}, ca: ${ca} }); s.write('GET /t HTTP/1.0\\r\\n\\r\\n'); const text = (await s.toArray()).join(''); return [s.authorized, text.endsWith('secure /t')]`,
    ),
    [true, true],
  )
  for (const [code, expected] of [
    [
      `await fetch('https://localhost:${port}/')`,
      /unable to get local issuer|UNABLE_TO_GET|self-signed|unable to verify/,
    ],
    [
      `await new Promise((ok, no) => require('https').get('https://wrong.example:${port}/', { ca: ${ca} }, ok).on('error', no))`,
      /altnames/,
    ],
  ] as const) {
    const { outcome } = await runner.code(code)
    assert.match(outcome.steps[0]!.error!.stack, expected)
  }
})

test('[R36] network: http2, plain and over TLS', async () => {
  const get = `(url, options) => new Promise((ok, no) => { const c = require('http2').connect(url, options).on('error', no); c.request({ ':path': '/2' }).on('error', no).toArray().then((all) => { c.close(); ok(all.join('')) }) })`
  assert.equal(await returned(`return (${get})('http://web.example:${portOf(http2)}')`), 'two /2')
  assert.equal(
    await returned(`return (${get})('https://localhost:${portOf(http2s)}', { ca: ${ca} })`),
    'two s /2',
  )
})

test('network: a raw socket echoes megabytes both ways, half-closes and ends', async () => {
  const code = `const s = require('net').connect({ host: 'echo.example', port: ${portOf(echo)}, allowHalfOpen: true })
    const sent = require('crypto').randomBytes(3_000_000); s.end(sent)
    const got = Buffer.concat(await s.toArray()); return [got.length, got.equals(sent), s.destroyed || (await new Promise((ok) => s.on('close', () => ok(true))))]`
  assert.deepEqual(await returned(code), [3_000_000, true, true])
})

test('network: what a peer wrote before it closed arrives whole, however late it is read', async () => {
  const code = `const s = require('net').connect({ host: 'parting.example', port: ${portOf(parting)} })
    s.pause(); await new Promise((ok) => setTimeout(ok, 200)); return Buffer.concat(await s.toArray()).length`
  assert.equal(await returned(code), PARTING_BYTES)
})

test('network: a reader that pauses holds the sender up, and loses nothing', async () => {
  const code = `const r = await fetch('http://web.example:${portOf(http)}/large'); const reader = r.body.getReader(); let n = 0
    for (;;) { const { done, value } = await reader.read(); if (done) return n; n += value.length; if (n < 500_000) await new Promise((ok) => setTimeout(ok, 5)) }`
  assert.equal(await returned(code), 3_000_000)
})

for (const name of ['connect', 'data', 'end']) {
  test(`network: what a listener of a socket throws fails its step and no other: ${name}`, async () => {
    const small = await startRunner({ tunnel, processesPerProgram: 1 })
    const job = jobOf(
      `const { n } = $event.body; const s = require('net').connect(${portOf(parting)}, 'parting.example')
      if (n % 2 === 0) return (await s.toArray()).reduce((sum, { length }) => sum + length, 0)
      s.on('data', () => {}); s.on('${name}', () => { throw new Error('in a listener') }); await new Promise(() => {})`,
    )
    const results = await Promise.all(
      [0, 1, 2, 3].map((n) => small.run({ ...job, request: requestOf(JSON.stringify({ n })) })),
    )
    await small.stop()
    for (const [n, { outcome }] of results.entries()) {
      const message = n % 2 === 0 ? null : 'EXCEPTION Error: in a listener'
      assert.equal(outcome.message, message, String(n))
    }
    const [whole] = results
    assert.equal(whole!.outcome.steps[0]!.exports['$return_value'], PARTING_BYTES)
  })
}

test('network: a run that leaves connections open, with nobody to hear their errors, ends as it ended', async () => {
  const dial = [
    `require('net').connect(${portOf(echo)}, 'echo.example')`,
    `require('tls').connect({ host: 'localhost', port: ${portOf(https)}, ca: ${ca} })`,
  ]
  for (const open of dial) {
    const connected = open.includes('tls') ? 'secureConnect' : 'connect'
    const wait = `await new Promise((ok) => s.on('${connected}', ok))`
    assert.equal(await returned(`const s = ${open}; ${wait}; return 1`), 1)
    assert.equal(await returned(`${open}; return 1`), 1)
    const { outcome } = await runner.code(`const s = ${open}; ${wait}; throw new Error('mine')`)
    assert.equal(outcome.message, 'EXCEPTION Error: mine')
  }
})

test('network: a TLS connection that is refused or cut fails once', async () => {
  const errorsOf = (options: string) =>
    returned(`const errors = []; const s = require('tls').connect(${options}); s.on('error', (e) => errors.push(e.code))
      await new Promise((ok) => s.on('close', ok)); await new Promise((ok) => setTimeout(ok, 50)); return errors`)
  assert.deepEqual(await errorsOf(`{ host: 'refused.example', port: 443 }`), ['blocked'])
  assert.deepEqual(await errorsOf(`{ host: 'parting.example', port: ${portOf(parting)} }`), [
    'ERR_SSL_WRONG_VERSION_NUMBER',
  ])
})

test('[245] network: what the tunnel refuses is an Error with its code and message', async () => {
  assert.deepEqual(
    await returned(
      `return new Promise((ok) => require('net').connect(80, 'refused.example').on('error', (e) => ok([e instanceof Error, e.code, e.message])))`,
    ),
    [true, 'blocked', 'Cannot connect: 10.0.0.1 is private'],
  )
  const { outcome } = await runner.code(`await fetch('http://refused.example/')`)
  assert.equal(outcome.message, 'EXCEPTION TypeError: fetch failed')
  assert.match(
    outcome.steps[0]!.error!.stack,
    /\[cause\]: Error: Cannot connect: 10\.0\.0\.1 is private/,
  )
  assert.equal(
    await returned(
      `return new Promise((ok) => require('tls').connect(443, 'refused.example').on('error', (e) => ok(e.code)))`,
    ),
    'blocked',
  )
  assert.equal(
    await returned(
      `return new Promise((ok) => require('net').connect(80, 'closed.example').on('error', (e) => ok(e.code)))`,
    ),
    'ECONNREFUSED',
  )
})

test('[R26] [246] network: there is no way around the tunnel: every spelling comes to it by name', async () => {
  const hosts = [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '0x7f.1',
    '2130706433',
    '169.254.169.254',
    '0.0.0.0',
    '[::ffff:127.0.0.1]',
    'metadata.google.internal',
  ]
  const before = dialled.length
  await returned(
    `for (const host of ${JSON.stringify(hosts)}) { await fetch('http://' + host + ':${portOf(http)}/').then((r) => r.text()).catch(() => {}) } return 1`,
  )
  const hostsDialled = dialled
    .slice(before)
    .map((target) => target.slice(0, target.lastIndexOf(':')))
  for (const host of hosts)
    assert.ok(
      hostsDialled.includes(new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1')),
      `${host} in ${hostsDialled.join()}`,
    )
})

test('[R35] network: a run has at most 64 sockets at a time, and the error says so', async () => {
  const code = `const net = require('net'); const all = await Promise.all(Array.from({ length: 70 }, () => new Promise((ok) => { const s = net.connect(${portOf(echo)}, 'echo.example', () => ok('open')); s.on('error', (e) => ok(e.code + ' ' + e.message)) })))
    return [all.filter((one) => one === 'open').length, all.find((one) => one !== 'open')]`
  assert.deepEqual(await returned(code), [
    64,
    'EMFILE Cannot connect: a run may have 64 sockets open at a time',
  ])
})

test('network: a run may move so much over its connections, both ways; then it fails and says so', async () => {
  const small = await startRunner({
    tunnel,
    processesPerProgram: 1,
    bounds: { tunnelBytes: 4 * 1024 * 1024 },
  })
  const large = `await (await fetch('http://web.example:${portOf(http)}/large')).bytes()`
  const message =
    'EXCEPTION Error: Cannot use the network: a run may move 4 MiB over its connections'
  const down = await small.code({ one: large, two: `${large}; return 1`, three: `return 1` })
  assert.equal(down.outcome.message, message)
  assert.deepEqual(
    down.outcome.steps.map(({ status }) => status),
    ['succeeded', 'failed', 'not_run'],
  )
  const up = await small.code(
    `for (let i = 0; i < 5; i++) await fetch('http://web.example:${portOf(http)}/up', { method: 'POST', body: Buffer.alloc(1e6) }).catch(() => {})`,
  )
  assert.equal(up.outcome.message, message)
  const job = jobOf(`${large}; if ($event.body.n === 1) { ${large} } return process.pid`)
  const [guilty, ...others] = await Promise.all(
    [1, 2, 3].map((n) =>
      small.run({ ...job, request: { ...job.request, body: Buffer.from(`{"n":${n}}`) } }),
    ),
  )
  assert.equal(guilty!.outcome.message, message)
  assert.deepEqual(
    others.map(({ outcome }) => outcome.message),
    [null, null],
  )
  await small.stop()
})

test('network: a run may open 1,000 connections in all; then it fails and says so', async () => {
  const { outcome } = await runner.code({
    one: `globalThis.one = () => new Promise((ok) => require('net').connect(${portOf(echo)}, 'echo.example', function () { this.destroy(); ok() }).on('error', ok)); for (let i = 0; i < 1_000; i++) await one()`,
    two: `await one().catch(() => {}); return 1`,
  })
  assert.deepEqual(
    outcome.steps.map(({ status }) => status),
    ['succeeded', 'failed'],
  )
  assert.equal(
    outcome.message,
    'EXCEPTION Error: Cannot connect: a run may open 1,000 connections in all',
  )
})

test('network: the sockets of a run are gone when it is, and the process is used again', async () => {
  const job = jobOf(
    `const s = require('net').connect(${portOf(echo)}, 'echo.example').on('error', () => {}); await new Promise((ok) => s.on('connect', ok)); await (await fetch('http://web.example:${portOf(http)}/')).text(); return process.pid`,
  )
  const first = await runner.run(job)
  await until(() => sockets.size === 0)
  const second = await runner.run(job)
  assert.equal(
    second.outcome.steps[0]!.exports['$return_value'],
    first.outcome.steps[0]!.exports['$return_value'],
  )
})

test('network: runs that share a kept-alive connection do not lose it to each other’s end', async () => {
  const job = jobOf(
    `for (let i = 0; i < 10; i++) { await (await fetch('http://web.example:${portOf(http)}/')).text(); await new Promise((ok) => setTimeout(ok, Math.random() * 4)) }`,
  )
  await runner.run(job)
  const results = await Promise.all(Array.from({ length: 40 }, () => runner.run(job)))
  assert.deepEqual(new Set(results.map(({ outcome }) => outcome.message)), new Set([null]))
})

test('network: a run that times out leaves no connection open', async () => {
  const { outcome } = await runner.code(`await fetch('http://web.example:${portOf(http)}/never')`, {
    timeoutMs: 400,
  })
  assert.equal(outcome.status, 'timed_out')
  await until(() => sockets.size === 0)
})

test('network: what user code logs in a callback of a socket is in its log', async () => {
  const { outcome } = await runner.code(
    `const s = require('net').connect(${portOf(echo)}, 'echo.example', () => { console.log('connected'); s.end('x') }); s.on('data', (d) => console.log('data', String(d))); await new Promise((ok) => s.on('close', () => { console.log('closed'); ok() }))`,
  )
  assert.deepEqual(
    outcome.steps[0]!.logs.map(({ text }) => text),
    ['connected', 'data x', 'closed'],
  )
})
