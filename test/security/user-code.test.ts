/**
 * The guard from inside a step: every spelling of every refused address, tried by real user code in a
 * real guest with each client that Node has. A listener on this machine counts who gets through.
 */
import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createEgress } from '../../src/egress/connector.ts'
import { createTunnel } from '../../src/egress/tunnel.ts'
import { listen, type Listener } from '../support/listener.ts'
import { jobOf, requestOf, startRunner, type TestRunner } from '../support/run-code.ts'
import { refusedAddresses, spellings } from '../support/spellings.ts'

let listener: Listener
let runner: TestRunner
before(async () => {
  listener = await listen('0.0.0.0')
  // Every name is hostile here: it resolves to this machine.
  const egress = createEgress(
    { clock: systemClock, lookup: async () => ['127.0.0.1'] },
    { allow: [] },
  )
  runner = await startRunner({ tunnel: createTunnel(egress) })
})
after(async () => {
  await runner.stop()
  await listener.close()
})

const nothing = { tried: 0, through: [] as readonly string[] }
/** What one run may open is bounded. */
const CONNECTIONS = 800

/** Eight at a time, each with the client whose turn it is; what got through comes back. */
const CODE = `
const net = require('net'), http = require('http'), https = require('https'), tls = require('tls')
const { hosts, port } = $event.body
const bare = (host) => host.startsWith('[') ? host.slice(1, -1) : host
const over = (emitter, opened) => new Promise((resolve) => {
  emitter.once(opened, () => resolve(true))
  emitter.on('error', () => resolve(false))
})
const clients = {
  fetch: (host) => fetch('http://' + host + ':' + port + '/').then(() => true, () => false),
  'fetch https': (host) => fetch('https://' + host + ':' + port + '/').then(() => true, () => false),
  http: (host) => over(http.get('http://' + host + ':' + port + '/'), 'response'),
  https: (host) => over(https.get('https://' + host + ':' + port + '/'), 'response'),
  net: (host) => over(net.connect({ host: bare(host), port }), 'connect'),
  tls: (host) => over(tls.connect({ host: bare(host), port }), 'secureConnect'),
}
const names = Object.keys(clients)
const through = []
let next = 0
const work = async () => {
  while (next < hosts.length) {
    const turn = next++
    const name = names[turn % names.length]
    const reached = await (async () => clients[name](hosts[turn]))().catch(() => false)
    if (reached) through.push(name + ' ' + hosts[turn])
  }
}
await Promise.all(Array.from({ length: 8 }, work))
return { tried: next, through }
`

test('[245] user code: no spelling of a refused address is reached, with any client', async () => {
  const spelled = refusedAddresses.flatMap(spellings)
  const names = [
    'localhost',
    'LOCALHOST.',
    'x.localhost',
    'db',
    'metadata.google.internal',
    'a.example',
  ]
  const hosts = [
    ...new Set([...spelled, ...names.flatMap((name) => Array(6).fill(name) as string[])]),
  ]
  let tried = 0
  for (let from = 0; from < hosts.length; from += CONNECTIONS) {
    const some = hosts.slice(from, from + CONNECTIONS)
    const body = JSON.stringify({ hosts: some, port: listener.port })
    const job = jobOf(CODE, { request: requestOf(body), timeoutMs: 120_000 })
    const { outcome } = await runner.run(job)
    const [step] = outcome.steps
    assert.equal(outcome.status, 'succeeded', step!.error?.stack ?? '')
    const returned = step!.exports['$return_value'] as typeof nothing
    assert.deepEqual(returned.through, [])
    tried += returned.tried
  }
  assert.ok(tried >= 1_000, String(tried))
  assert.deepEqual(listener.accepted, [])
})

test('[245] user code: the same listener is reached where the operator allows it', async () => {
  const egress = createEgress({ clock: systemClock }, { allow: [`127.0.0.1/32:${listener.port}`] })
  const open = await startRunner({ tunnel: createTunnel(egress) })
  const body = JSON.stringify({ hosts: ['127.0.0.1'], port: listener.port })
  const { outcome } = await open.run(jobOf(CODE, { request: requestOf(body) }))
  await open.stop()
  const { through } = outcome.steps[0]!.exports['$return_value'] as { through: readonly string[] }
  assert.deepEqual(through, ['fetch 127.0.0.1'])
})
