/** Connecting: rows 51 to 67 of the security matrix. 127.0.0.2 plays the public host, 127.0.0.1 the private one. */
import assert from 'node:assert/strict'
import { connect, Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Agent, interceptors, Pool, request } from 'undici'
import { systemClock } from '../../src/clock.ts'
import { createEgress } from '../../src/egress/connector.ts'
import { EgressError, type Egress } from '../../src/egress/egress.ts'
import type { Dial } from '../../src/egress/guarded-socket.ts'
import { listen } from '../support/listener.ts'

const forever = new AbortController().signal
const isEgressError =
  (code: EgressError['code'], detail?: string) =>
  (error: unknown): boolean =>
    error instanceof EgressError &&
    error.code === code &&
    (detail === undefined || error.detail === detail)

async function startListener(context: TestContext, host = '0.0.0.0', port = 0) {
  const listener = await listen(host, port)
  context.after(() => listener.close())
  return listener
}

/** A door to 127.0.0.2 whose names resolve to the next of the answers, the last one repeating. */
function doorWith(...answers: readonly (readonly string[])[]): Egress {
  let asked = 0
  const lookup = async () => answers[Math.min(asked++, answers.length - 1)]!
  return createEgress({ clock: systemClock, lookup }, { allow: ['127.0.0.2/32'] })
}

async function get(egress: Egress, url: string): Promise<number> {
  const pool = new Pool(new URL(url).origin, { connect: egress.connector })
  try {
    const { statusCode, body } = await pool.request({ path: '/', method: 'GET' })
    await body.dump()
    return statusCode
  } finally {
    await pool.destroy()
  }
}

test('[51] connector: a name of a private address is refused and never connected to', async (context) => {
  const listener = await startListener(context)
  for (const address of [
    '127.0.0.1',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
  ]) {
    const url = `http://a.example:${listener.port}/`
    await assert.rejects(get(doorWith([address]), url), isEgressError('blocked'), address)
  }
  assert.deepEqual(listener.accepted, [])
})

test('[52] connector: one refused address refuses the whole answer', async (context) => {
  const listener = await startListener(context)
  const egress = doorWith(['127.0.0.2', '127.0.0.1'])
  const url = `http://a.example:${listener.port}/`
  await assert.rejects(get(egress, url), isEgressError('blocked', 'loopback'))
  assert.deepEqual(listener.accepted, [])
})

test('[53] [55] connector: of 1,000 rebinding names none reaches the private address', async (context) => {
  const listener = await startListener(context)
  const target = { host: 'a.example', port: listener.port }
  for (let round = 0; round < 1_000; round++) {
    const egress = doorWith(['127.0.0.2'], ['127.0.0.1'])
    const socket = await egress.connect(target, forever)
    assert.equal(socket.remoteAddress, '127.0.0.2')
    socket.destroy()
    await assert.rejects(egress.connect(target, forever), isEgressError('blocked', 'loopback'))
  }
  await accepts(listener.accepted, 1_000)
  assert.ok(listener.accepted.every((address) => address === '127.0.0.2'))
})

/** Accepts are reported a little later than connects. */
async function accepts(accepted: readonly string[], count: number): Promise<void> {
  while (accepted.length < count) await new Promise((resolve) => setImmediate(resolve))
}

test('[56] connector: a kept-alive connection stays on its checked address', async (context) => {
  const listener = await startListener(context)
  const egress = doorWith(['127.0.0.2'], ['127.0.0.1'])
  const pool = new Pool(`http://a.example:${listener.port}`, {
    connect: egress.connector,
    connections: 1,
  })
  context.after(() => pool.destroy())
  for (let count = 0; count < 3; count++) {
    const { body } = await pool.request({ path: '/', method: 'GET' })
    await body.dump()
  }
  assert.deepEqual(listener.accepted, ['127.0.0.2'])
})

test('[58] connector: failures of name servers are told apart', async () => {
  const failures = [
    ['ENOTFOUND', 'dns_nxdomain', false],
    ['ENODATA', 'dns_empty', false],
    ['ESERVFAIL', 'dns_servfail', false],
    ['ETIMEOUT', 'dns_timeout', false],
    ['ECONNREFUSED', 'dns_unreachable', true],
  ] as const
  for (const [code, detail, ours] of failures) {
    const lookup = () => Promise.reject(Object.assign(new Error(code), { code }))
    const egress = createEgress({ clock: systemClock, lookup }, { allow: [] })
    await assert.rejects(
      egress.connect({ host: 'a.example', port: 80 }, forever),
      (error) => isEgressError('dns', detail)(error) && (error as EgressError).ours === ours,
    )
  }
  const target = { host: 'a.example', port: 80 }
  await assert.rejects(doorWith([]).connect(target, forever), isEgressError('dns', 'dns_empty'))
})

test('[58] connector: a name server that never answers ends after 5 seconds', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const lookup = () => new Promise<never>(() => {})
  const egress = createEgress({ clock: systemClock, lookup }, { allow: [] })
  const connecting = egress.connect({ host: 'a.example', port: 80 }, forever)
  context.mock.timers.tick(5_000)
  await assert.rejects(connecting, isEgressError('dns', 'dns_timeout'))
})

test('[59] connector: a silent address costs 250 ms, a refusing one nothing', async (context) => {
  const listener = await startListener(context, '127.0.0.2')
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const silent = new Socket()
  const silentIsDialled = Promise.withResolvers<void>()
  const dial: Dial = (host, port) => {
    if (host !== '127.0.0.4') return connect({ host, port })
    silentIsDialled.resolve()
    return silent
  }
  const connectTo = async (...answer: readonly string[]) => {
    const egress = createEgress(
      { clock: systemClock, lookup: async () => answer, dial },
      { allow: ['127.0.0.0/8'] },
    )
    const socket = await egress.connect({ host: 'a.example', port: listener.port }, forever)
    assert.equal(socket.remoteAddress, '127.0.0.2')
    socket.destroy()
  }
  await connectTo('127.0.0.3', '127.0.0.2') // while no time passes

  const connecting = connectTo('127.0.0.4', '127.0.0.2')
  await silentIsDialled.promise
  context.mock.timers.tick(249)
  assert.equal(silent.destroyed, false)
  const isEarly = await Promise.race([connecting.then(() => true), nextTurn(false)])
  assert.equal(isEarly, false)
  context.mock.timers.tick(1)
  await connecting
  assert.ok(silent.destroyed)
})

test('connector: the families take turns, and the refusal of a peer is what is told', async () => {
  const dialled: string[] = []
  const codes: Readonly<Record<string, string>> = { '8.8.4.4': 'ECONNREFUSED' }
  const dial: Dial = (address) => {
    dialled.push(address)
    return failing(codes[address] ?? 'ENETUNREACH')
  }
  const lookup = async () => ['2600::1', '2600::2', '8.8.8.8', '8.8.4.4', '8.8.8.8']
  const egress = createEgress({ clock: systemClock, lookup, dial }, { allow: [] })
  const connecting = egress.connect({ host: 'a.example', port: 80 }, forever)
  await assert.rejects(connecting, isEgressError('connect_refused', 'ECONNREFUSED'))
  assert.deepEqual(dialled, ['8.8.8.8', '2600::1', '8.8.4.4', '2600::2'])
})

test('[62] connector: a Host header does not talk a private address through', async (context) => {
  const listener = await startListener(context)
  const pool = new Pool(`http://127.0.0.1:${listener.port}`, { connect: doorWith([]).connector })
  context.after(() => pool.destroy())
  const sent = pool.request({ path: '/', method: 'GET', headers: { host: 'a.example' } })
  await assert.rejects(sent, isEgressError('blocked', 'loopback'))
  assert.deepEqual(listener.accepted, [])
})

test("[63] connector: undici's own DNS in front changes nothing", async (context) => {
  const listener = await startListener(context)
  const agent = new Agent({ connect: doorWith(['127.0.0.2']).connector })
  context.after(() => agent.destroy())
  const dispatcher = agent.compose(
    interceptors.dns({
      lookup: (_origin, _options, callback) =>
        callback(null, [{ address: '127.0.0.1', family: 4, ttl: 1 }]),
    }),
  )
  const sent = request(`http://a.example:${listener.port}/`, { dispatcher })
  await assert.rejects(sent, isEgressError('blocked', 'loopback'))
  assert.deepEqual(listener.accepted, [])
})

test('[64] connector: proxies of the environment are ignored', async (context) => {
  const proxy = await startListener(context)
  const listener = await startListener(context)
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'NODE_USE_ENV_PROXY']
  for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`
  context.after(() => names.forEach((name) => delete process.env[name]))
  assert.equal(await get(doorWith(['127.0.0.2']), `http://a.example:${listener.port}/`), 200)
  assert.deepEqual(proxy.accepted, [])
})

test('[66] connector: a peer that is not the checked address gets no byte', async (context) => {
  const listener = await startListener(context)
  const dial: Dial = (_address, port) => connect({ host: '127.0.0.1', port })
  for (const protocol of ['http', 'https']) {
    const egress = createEgress({ clock: systemClock, dial }, { allow: ['127.0.0.2'] })
    const url = `${protocol}://127.0.0.2:${listener.port}/`
    await assert.rejects(get(egress, url), isEgressError('blocked', 'peer_mismatch'))
  }
  await accepts(listener.accepted, 2)
  assert.equal(listener.bytes(), 0)
})

test("[67] connector: no socket to be had here is our fault, not the destination's", async () => {
  for (const code of ['EMFILE', 'EADDRNOTAVAIL']) {
    const egress = createEgress({ clock: systemClock, dial: () => failing(code) }, { allow: [] })
    await assert.rejects(
      egress.connect({ host: '8.8.8.8', port: 80 }, forever),
      (error) => isEgressError('connect_refused', code)(error) && (error as EgressError).ours,
    )
  }
})

test('connector: nothing listening is connect_refused, and says so', async (context) => {
  const listener = await startListener(context, '127.0.0.2')
  const sent = get(doorWith(['127.0.0.2']), `http://127.0.0.2:${await closedPort()}/`)
  await assert.rejects(sent, (error) => {
    assert.ok(isEgressError('connect_refused', 'ECONNREFUSED')(error))
    assert.match(
      (error as Error).message,
      /^Cannot connect to 127\.0\.0\.2:\d+: nothing listens there$/,
    )
    return true
  })
  assert.deepEqual(listener.accepted, [])
})

test('connector: ten seconds without a connection are connect_timeout', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { egress, dialled } = silentDoor()
  const connecting = egress.connect({ host: '8.8.8.8', port: 80 }, forever)
  const outcome = assert.rejects(connecting, isEgressError('connect_timeout', 'ETIMEDOUT'))
  const socket = await dialled
  context.mock.timers.tick(10_000)
  await outcome
  assert.ok(socket.destroyed)
})

test('connector: giving up destroys what was being opened', async () => {
  const { egress, dialled } = silentDoor()
  const giveUp = new AbortController()
  const connecting = egress.connect({ host: '8.8.8.8', port: 80 }, giveUp.signal)
  const outcome = assert.rejects(connecting, isEgressError('connect_timeout', 'aborted'))
  const socket = await dialled
  giveUp.abort(new Error('enough'))
  await outcome
  assert.ok(socket.destroyed)
  const late = egress.connect({ host: '8.8.8.8', port: 80 }, giveUp.signal)
  await assert.rejects(late, isEgressError('connect_timeout', 'aborted'))
})

/** A door whose sockets never connect. */
function silentDoor(): { egress: Egress; dialled: Promise<Socket> } {
  const { promise: dialled, resolve } = Promise.withResolvers<Socket>()
  const dial = () => {
    const socket = new Socket()
    resolve(socket)
    return socket
  }
  return { egress: createEgress({ clock: systemClock, dial }, { allow: [] }), dialled }
}

test('connector: the facts of a socket are kept for the attempt that opened it', async (context) => {
  const listener = await startListener(context)
  const egress = doorWith(['127.0.0.2'])
  const socket = await egress.connect({ host: 'a.example', port: listener.port }, forever)
  const { remoteAddress, dnsMs, connectMs, tlsMs } = egress.factsOf(socket)!
  assert.equal(remoteAddress, `127.0.0.2:${listener.port}`)
  assert.ok(dnsMs >= 0 && connectMs > 0)
  assert.equal(tlsMs, null)
  socket.destroy()
})

test('connector: localhost works where the operator listed loopback', async (context) => {
  const listener = await startListener(context, '127.0.0.1')
  const lookup = () => assert.fail('localhost is never looked up')
  const egress = createEgress({ clock: systemClock, lookup }, { allow: ['127.0.0.0/8'] })
  assert.equal(await get(egress, `http://localhost:${listener.port}/`), 200)
})

/** A socket that fails as the platform's do. */
function failing(code: string): Socket {
  const socket = new Socket()
  return socket.destroy(Object.assign(new Error(code), { code }))
}

/** A port that was just given back. */
async function closedPort(): Promise<number> {
  const listener = await listen('127.0.0.2')
  await listener.close()
  return listener.port
}
