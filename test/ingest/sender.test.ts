/** Who sent it: SECURITY 150, "X-Forwarded-For is believed from configured proxies only". */
import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { createSenderReader } from '../../src/ingest/sender.ts'
import type { Sender } from '../../src/ingest/sender.ts'
import { startTrigger } from '../support/trigger.ts'

const PROXIES = ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']

function read(
  peer: string,
  headers: Readonly<Record<string, string>>,
  { proxies = PROXIES, publicUrl = null as string | null } = {},
): Sender {
  const request = { socket: { remoteAddress: peer }, headers: { host: 'own.example', ...headers } }
  return createSenderReader({ trustedProxies: proxies, publicUrl })(
    request as unknown as IncomingMessage,
  )
}

const table: readonly (readonly [what: string, peer: string, forwarded: string, client: string])[] =
  [
    ['a stranger is not believed', '198.51.100.1', '1.2.3.4', '198.51.100.1'],
    ['a proxy is', '10.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['what the client claimed is not', '10.0.0.1', '9.9.9.9, 1.2.3.4', '1.2.3.4'],
    [
      'several proxies are passed over',
      '10.0.0.1',
      '9.9.9.9, 1.2.3.4, 192.0.2.7, 10.2.3.4',
      '1.2.3.4',
    ],
    ['behind proxies alone, the first of them', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['nothing forwarded', '10.0.0.1', '', '10.0.0.1'],
    ['junk is not passed over', '10.0.0.1', '1.2.3.4, unknown, 10.0.0.2', '10.0.0.2'],
    ['a dual-stack peer', '::ffff:10.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['a dual-stack stranger', '::ffff:198.51.100.1', '1.2.3.4', '198.51.100.1'],
    ['IPv6', '2001:db8::1', '2a00::5', '2a00::5'],
    ['a port is cut off', '10.0.0.1', '1.2.3.4:5678', '1.2.3.4'],
    ['brackets too', '10.0.0.1', '[2a00::5]:5678', '2a00::5'],
    ['spaces and empty entries', '10.0.0.1', ' 1.2.3.4 ', '1.2.3.4'],
  ]

for (const [what, peer, forwarded, client] of table) {
  test(`sender: [150] ${what}: ${peer} forwarding "${forwarded}" is ${client}`, () => {
    const headers: Record<string, string> = forwarded === '' ? {} : { 'x-forwarded-for': forwarded }
    assert.equal(read(peer, headers).clientIp, client)
  })
}

test('sender: [150] without configured proxies nobody is believed', () => {
  const headers = {
    'x-forwarded-for': '1.2.3.4',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'x',
  }
  assert.deepEqual(read('127.0.0.1', headers, { proxies: [] }), {
    clientIp: '127.0.0.1',
    scheme: 'http',
    host: 'own.example',
  })
})

test('sender: scheme and host are those the same hop saw, or the only ones given', () => {
  const hops = { 'x-forwarded-for': '9.9.9.9, 1.2.3.4, 10.0.0.2' }
  const proto = (value: string): string =>
    read('10.0.0.1', { ...hops, 'x-forwarded-proto': value }).scheme
  assert.equal(proto('https'), 'https')
  assert.equal(proto('http, https, http'), 'https')
  assert.equal(proto('gopher'), 'http')
  const host = (value: string): string =>
    read('10.0.0.1', { ...hops, 'x-forwarded-host': value }).host
  assert.equal(host('shop.example'), 'shop.example')
  assert.equal(host('claimed, shop.example, inner'), 'shop.example')
  assert.equal(host('a/b'), 'own.example')
  assert.equal(read('10.0.0.1', { 'x-forwarded-proto': 'https' }).scheme, 'https')
})

test('sender: a request to the public host came by the public scheme', () => {
  const publicUrl = 'https://own.example'
  assert.equal(read('198.51.100.1', {}, { publicUrl }).scheme, 'https')
  assert.equal(read('198.51.100.1', { host: 'inner:8700' }, { publicUrl }).scheme, 'http')
})

test('sender: an event carries it', async (t) => {
  const trigger = await startTrigger(t, { trustedProxies: ['127.0.0.1'] })
  await fetch(trigger.url, {
    headers: {
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'h:1',
    },
  })
  const { clientIp, scheme, host } = trigger.store.events[0]!.request
  assert.deepEqual(
    { clientIp, scheme, host },
    { clientIp: '1.2.3.4', scheme: 'https', host: 'h:1' },
  )
})
