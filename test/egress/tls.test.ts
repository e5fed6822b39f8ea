/** TLS failures, each with its own detail and a hint: rows 122 to 130 of the security matrix. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import test, { type TestContext } from 'node:test'
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls'
import { Pool } from 'undici'
import { systemClock } from '../../src/clock.ts'
import { createEgress } from '../../src/egress/connector.ts'
import { EgressError } from '../../src/egress/egress.ts'
import { createAuthority } from '../support/certificates.ts'

const authority = createAuthority()
const good = authority.issue('a.example')

const egress = createEgress(
  { clock: systemClock, lookup: async () => ['127.0.0.1'] },
  { allow: ['127.0.0.1'], ca: [authority.cert] },
)

async function startServer(context: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const startTls = (context: TestContext, options: TlsOptions) =>
  startServer(
    context,
    createServer(options, (socket) => {
      socket.on('error', () => socket.destroy())
      socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n'))
    }),
  )

function connectTo(port: number, hostname = 'a.example'): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    egress.connector({ hostname, port: String(port), protocol: 'https:' }, (error, socket) =>
      error ? reject(error) : resolve(socket as TLSSocket),
    )
  })
}

async function failure(port: number, hostname?: string): Promise<EgressError> {
  const outcome = await connectTo(port, hostname).catch((error: unknown) => error)
  assert.ok(outcome instanceof EgressError, String(outcome))
  return outcome
}

test('tls: a good certificate is accepted, and the handshake is timed', async (context) => {
  const port = await startTls(context, good)
  const socket = await connectTo(port, 'A.example.')
  assert.ok(socket.authorized)
  assert.ok(egress.factsOf(socket)!.tlsMs! > 0)
  assert.equal(egress.factsOf(socket)!.remoteAddress, `127.0.0.1:${port}`)
  socket.destroy()

  const pool = new Pool(`https://a.example:${port}`, { connect: egress.connector })
  context.after(() => pool.destroy())
  const { statusCode, body } = await pool.request({ path: '/', method: 'GET' })
  await body.dump()
  assert.equal(statusCode, 204)
})

test('tls: the server is told the name that is wanted, and no address', async (context) => {
  const asked: string[] = []
  const port = await startTls(context, {
    ...authority.issue('127.0.0.1'),
    SNICallback: (name, done) => {
      asked.push(name)
      done(null)
    },
  })
  await failure(port, 'A.example.')
  const socket = await connectTo(port, '127.0.0.1')
  socket.destroy()
  assert.deepEqual(asked, ['a.example'])
})

test('tls: a certificate for an address is good for that address', async (context) => {
  const port = await startTls(context, authority.issue('127.0.0.1'))
  const socket = await connectTo(port, '127.0.0.1')
  assert.ok(socket.authorized)
  socket.destroy()
})

test('[124] tls: an expired certificate is told as such', async (context) => {
  const { code, detail, message } = await failure(
    await startTls(context, authority.issue('a.example', -1)),
  )
  assert.deepEqual([code, detail], ['tls', 'CERT_HAS_EXPIRED'])
  assert.match(message, /No secure connection to a\.example: its certificate has expired/)
})

test('[125] tls: a certificate for another host is refused', async (context) => {
  const port = await startTls(context, authority.issue('b.example'))
  for (const host of ['a.example', '127.0.0.1']) {
    const { code, detail, message } = await failure(port, host)
    assert.deepEqual([code, detail], ['tls', 'ERR_TLS_CERT_ALTNAME_INVALID'])
    assert.match(message, /for another name/)
  }
})

test('[126] tls: self-signed certificates and unknown authorities are refused', async (context) => {
  const alone = await failure(await startTls(context, authority.selfSigned('a.example')))
  assert.deepEqual([alone.code, alone.detail], ['tls', 'DEPTH_ZERO_SELF_SIGNED_CERT'])
  assert.match(alone.message, /self-signed/)

  const unknown = await failure(await startTls(context, createAuthority().issue('a.example')))
  assert.deepEqual([unknown.code, unknown.detail], ['tls', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])
  assert.match(unknown.message, /authority unknown here/)
})

test('[127] tls: plain HTTP on an https port is recognised', async (context) => {
  const plain = createTcpServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  const { code, detail, message } = await failure(await startServer(context, plain))
  assert.deepEqual([code, detail], ['tls', 'ERR_SSL_WRONG_VERSION_NUMBER'])
  assert.match(message, /does not speak TLS on this port; is it meant to be http/)
})

test('[128] tls: versions before 1.2 are refused', async (context) => {
  const old = {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  } as const
  const { code, detail, message } = await failure(await startTls(context, { ...good, ...old }))
  assert.deepEqual([code, detail], ['tls', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'])
  assert.match(message, /before 1\.2/)
})

test('[129] [123] tls: a handshake that stalls is a connect timeout', async (context) => {
  const server = createTcpServer()
  const port = await startServer(context, server)
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const pending = failure(port)
  const [peer] = (await once(server, 'connection')) as [Socket]
  await once(peer, 'data')
  context.mock.timers.tick(10_000)
  const { code, detail } = await pending
  assert.deepEqual([code, detail], ['connect_timeout', 'ETIMEDOUT'])
  await once(peer, 'close')
})

test('[130] tls: a server that wants a client certificate is told apart', async (context) => {
  const port = await startTls(context, {
    ...good,
    maxVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: true,
    ca: [authority.cert],
  })
  const { code, message } = await failure(port)
  assert.equal(code, 'tls')
  assert.match(message, /client certificate|closed the connection during the TLS handshake/)
})

test('[122] tls: a server that speaks HTTP/2 only is told apart', async (context) => {
  const { code, detail, message } = await failure(
    await startTls(context, { ...good, ALPNProtocols: ['h2'] }),
  )
  assert.deepEqual([code, detail], ['tls', 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'])
  assert.match(message, /HTTP\/2 only/)
})

test('tls: a peer that hangs up during the handshake is told apart', async (context) => {
  const rude = createTcpServer((socket) => socket.once('data', () => socket.destroy()))
  const { code, detail, message } = await failure(await startServer(context, rude))
  assert.deepEqual([code, detail], ['tls', 'ECONNRESET'])
  assert.match(message, /closed the connection during the TLS handshake/)
})

test('[131] tls: the environment cannot switch checking off', async (context) => {
  const port = await startTls(context, authority.selfSigned('a.example'))
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  context.after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'])
  assert.equal((await failure(port)).code, 'tls')
})
