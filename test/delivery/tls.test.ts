/** Deliveries over TLS, with an authority of the test's own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createServer } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import { systemClock } from '../../src/clock.ts'
import { createEgress } from '../../src/egress/connector.ts'
import { limits } from '../../src/model/limits.ts'
import { attemptAll, attemptOne } from '../support/attempt-one.ts'
import { createAuthority } from '../support/certificates.ts'
import { taskTo } from '../support/delivery-task.ts'
import { startReceiver } from '../support/receiver.ts'

const authority = createAuthority()
const egress = createEgress(
  { clock: systemClock },
  { allow: ['127.0.0.0/8'], ca: [authority.cert] },
)

test('attempt: over TLS the handshake is timed, for the attempt that opened the connection', async () => {
  await using stack = new AsyncDisposableStack()
  const receiver = await startReceiver(undefined, { tls: authority.issue('127.0.0.1') })
  stack.defer(() => receiver.close())
  const url = receiver.url()
  const [first, second] = await attemptAll([taskTo(url), taskTo(url)], egress)
  assert.equal(first?.outcome, 'delivered')
  assert.equal(first.remoteAddress, `127.0.0.1:${receiver.port}`)
  assert.ok(first.timings!.tlsMs! > 0)
  assert.equal(second?.timings!.tlsMs, null)
  assert.equal(second.remoteAddress, first.remoteAddress)
  assert.equal(receiver.connections, 1)
})

const good = authority.issue('127.0.0.1')
const OLD = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
const CLIENTS = { requestCert: true, rejectUnauthorized: true, ca: authority.cert } as const

/** What listens there, and what the attempt's detail and sentence say of it. */
const faulty: readonly (readonly [string, string, RegExp, () => Server])[] = [
  [
    '[124] an expired certificate',
    'CERT_HAS_EXPIRED',
    /has expired/,
    tls(authority.issue('127.0.0.1', -1)),
  ],
  [
    '[125] a certificate for another host',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    /for another name/,
    tls(authority.issue('other.example')),
  ],
  [
    '[126] a self-signed certificate',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    /self-signed/,
    tls(authority.selfSigned('127.0.0.1')),
  ],
  [
    '[126] an unknown authority',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    /authority unknown here/,
    tls(createAuthority().issue('127.0.0.1')),
  ],
  [
    '[127] plain HTTP',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    /does not speak TLS on this port/,
    plain('HTTP/1.1 400 Bad Request\r\n\r\n'),
  ],
  [
    '[127] an SSH banner',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    /does not speak TLS on this port/,
    plain('SSH-2.0-OpenSSH_9.2\r\n'),
  ],
  [
    '[128] TLS 1.1 only',
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    /before 1\.2/,
    tls({ ...good, ...OLD }),
  ],
  [
    '[122] HTTP/2 only',
    'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    /HTTP\/2 only/,
    tls({ ...good, ALPNProtocols: ['h2'] }),
  ],
  [
    '[130] a client certificate wanted',
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
    /client certificate/,
    tls({ ...good, ...CLIENTS, maxVersion: 'TLSv1.2' }),
  ],
  [
    'a peer that hangs up in the handshake',
    'ECONNRESET',
    /closed the connection during the TLS handshake/,
    () => createTcpServer((socket) => socket.once('data', () => socket.destroy())),
  ],
]

function tls(options: TlsOptions): () => Server {
  return () => createServer(options, (socket) => socket.on('error', () => undefined))
}

function plain(text: string): () => Server {
  return () =>
    createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(text))
    })
}

async function started(server: Server) {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.on('tlsClientError', () => undefined)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

for (const [what, detail, sentence, server] of faulty) {
  test(`attempt: ${what} ends as tls, says so, and sends nothing`, async () => {
    await using at = await started(server())
    const { code, error, response } = await attemptOne(taskTo(at.url), egress)
    assert.deepEqual([code, error?.detail], ['tls', detail])
    assert.match(error!.message, /^No secure connection to 127\.0\.0\.1: /)
    assert.match(error!.message, sentence)
    assert.equal(response, null)
  })
}

test('[130] attempt: over TLS 1.3 the client certificate is missed after the handshake, and told', async () => {
  await using at = await demanding()
  const { code, error } = await attemptOne(taskTo(at.url), egress)
  assert.equal(code, 'tls')
  assert.match(error!.message, /client certificate/)
})

/** Node's own server closes without the alert that others send, so this one is openssl's. */
async function demanding() {
  const folder = mkdtempSync(join(tmpdir(), 'sendoff-tls-'))
  writeFileSync(join(folder, 'pair.pem'), good.key + good.cert)
  const command =
    's_server -tls1_3 -accept 127.0.0.1:0 -Verify 1 -verify_return_error -cert pair.pem'
  const server = spawn('openssl', command.split(' '), { cwd: folder })
  let said = ''
  while (!/ACCEPT \S+:\d+/.test(said)) said += String((await once(server.stdout, 'data'))[0])
  return {
    url: `https://127.0.0.1:${/ACCEPT \S+:(\d+)/.exec(said)![1]}/`,
    async [Symbol.asyncDispose]() {
      server.kill()
      await once(server, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}

test('[129] [123] attempt: a handshake that stalls ends at the time limit', async () => {
  await using at = await started(createTcpServer())
  const attempt = await attemptOne(taskTo(at.url, { timeoutMs: 300 }), egress)
  assert.deepEqual([attempt.code, attempt.error?.detail], ['timeout', 'timeout_connect'])
  assert.ok(attempt.timings!.totalMs < limits.connectTimeoutMs)
})

test('attempt: a redirect from http to https is followed', async () => {
  await using stack = new AsyncDisposableStack()
  const safe = await startReceiver(undefined, { tls: authority.issue('127.0.0.1') })
  stack.defer(() => safe.close())
  const plain = await startReceiver(() => ({ status: 307, headers: { location: safe.url('/in') } }))
  stack.defer(() => plain.close())
  const attempt = await attemptOne(taskTo(plain.url(), { followRedirects: 1 }), egress)
  assert.equal(attempt.outcome, 'delivered')
  assert.equal(attempt.request?.url, safe.url('/in'))
  assert.ok(attempt.timings!.tlsMs! > 0)
})
