/**
 * Hostile bytes on the line: user code can write to file descriptor 3 as the guest can. Whatever it
 * writes costs its own process its life, and never reaches another run or the server.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Tunnel } from '../../src/runner/runner.ts'
import { jobOf, openTunnel, startRunner } from '../support/run-code.ts'
import type { TestRunner } from '../support/run-code.ts'

/** Whatever is dialled: it listens and says nothing. */
const peer = createServer((socket) => socket.on('error', () => {}))
let runner: TestRunner
before(async () => {
  peer.listen(0, '127.0.0.1')
  await once(peer, 'listening')
  const { port } = peer.address() as AddressInfo
  const tunnel: Tunnel = (_, signal) => openTunnel({ host: '127.0.0.1', port }, signal)
  runner = await startRunner({ blanks: 2, processesPerProgram: 1, tunnel })
})
after(async () => {
  await runner.stop()
  peer.close()
})

/** In the guest: writes a message frame with any head and tail. */
const FORGE = `
  const fs = require('node:fs')
  const write = (bytes) => { for (let at = 0; at < bytes.length; ) { try { at += fs.writeSync(3, bytes, at) } catch (e) { if (e.code !== 'EAGAIN') throw e } } }
  const frame = (kind, stream, payload) => { const head = Buffer.alloc(9); head.writeUInt32BE(payload.length); head[4] = kind; head.writeUInt32BE(stream, 5); write(Buffer.concat([head, payload])) }
  const forge = (head, tail = Buffer.alloc(0)) => { const json = Buffer.from(JSON.stringify(head)); const size = Buffer.alloc(4); size.writeUInt32BE(json.length); frame(0, 0, Buffer.concat([size, json, tail])) }
  const forever = () => new Promise(() => {})
`
const BREACH = /^EXCEPTION ProtocolError: The step wrote to the runner's own line: /

const FORGERIES: Readonly<Record<string, string>> = {
  '[R38] a frame of another run': `forge({ type: 'done', run: 'AAAAAAAAAAAAAAAAAAAAAA', durationMs: 1 })`,
  '[R38] a call of another run': `forge({ type: 'send', run: 'AAAAAAAAAAAAAAAAAAAAAA', step: 0, index: 0, fields: {}, hasBody: false })`,
  'a late entry of no run': `forge({ type: 'late', run: 'x', step: 0, at: 1, level: 'log', text: 'x' })`,
  'an answer to no question': `forge({ type: 'pong', id: 1 })`,
  'a second hello': `forge({ type: 'hello' })`,
  'an unknown type': `forge({ type: 'drop_tables' })`,
  'an unknown kind': `frame(99, 1, Buffer.alloc(0))`,
  'a server’s kind': `frame(5, 1, Buffer.from('{}'))`,
  '[R39] a frame of 4 GB': `write(Buffer.from([255, 255, 255, 255, 0, 0, 0, 0, 0]))`,
  '[R40] random bytes': `write(require('node:crypto').randomBytes(100_000))`,
  'a head that is no JSON': `frame(0, 0, Buffer.from([0, 0, 0, 2, 123, 123]))`,
  'a head longer than its frame': `frame(0, 0, Buffer.from([255, 0, 0, 0]))`,
  'an empty message': `frame(0, 0, Buffer.alloc(0))`,
  'a stream of no run': `frame(1, 1, Buffer.from(JSON.stringify({ run: 'x', host: '127.0.0.1', port: 1 })))`,
  'more data than there is credit for': `const s = require('net').connect(1, 'peer.example'); await new Promise((ok) => s.on('connect', ok)); frame(2, 1, Buffer.alloc(300_000))`,
  'credit that was never earned': `const s = require('net').connect(1, 'peer.example'); await new Promise((ok) => s.on('connect', ok)); frame(6, 1, Buffer.from([255, 255, 255, 255]))`,
  'data of a stream that was never opened': `frame(2, 7, Buffer.from('x'))`,
}

for (const [name, code] of Object.entries(FORGERIES)) {
  test(`line: [251] ${name} kills the process; the run fails and says why`, async () => {
    const { outcome } = await runner.code({
      one: `return 1`,
      two: `${FORGE}; ${code}; await forever()`,
    })
    assert.match(outcome.message!, BREACH)
    assert.deepEqual(
      outcome.steps.map(({ status }) => status),
      ['succeeded', 'failed'],
    )
  })
}

test('[R41] line: a run that closes or jams the line ends by its time limit at the latest', async () => {
  const { outcome } = await runner.code(
    `require('node:fs').closeSync(3); await new Promise(() => {})`,
    { timeoutMs: 400 },
  )
  assert.ok(['failed', 'timed_out'].includes(outcome.status))
  assert.equal((await runner.code(`return 1`)).outcome.status, 'succeeded')
})

test('line: a forger’s neighbours run again and are unharmed', async () => {
  const job = jobOf(`${FORGE}
    await new Promise((done) => setTimeout(done, 30))
    if ($event.body.n === 3) { forge({ type: 'drop_tables' }); await forever() }
    await new Promise((done) => setTimeout(done, 100)); return $event.body.n`)
  const results = await Promise.all(
    [1, 2, 3].map((n) =>
      runner.run({ ...job, request: { ...job.request, body: Buffer.from(`{"n":${n}}`) } }),
    ),
  )
  assert.deepEqual(
    results.map(({ outcome }) => outcome.status),
    ['succeeded', 'succeeded', 'failed'],
  )
  assert.match(results[2]!.outcome.message!, BREACH)
})
