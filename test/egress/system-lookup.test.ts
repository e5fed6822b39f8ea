/** Names through a real name server and a real hosts file: rows 57, 58, 60 and 61 of the security matrix. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createEgress } from '../../src/egress/connector.ts'
import { EgressError } from '../../src/egress/egress.ts'
import type { Lookup } from '../../src/egress/resolve.ts'
import { createSystemLookup } from '../../src/egress/system-lookup.ts'
import { type DnsRecord, type DnsServer, startDns } from '../support/dns-server.ts'

const forever = new AbortController().signal
const chain = Array.from({ length: 17 }, (_, index) => `c${index}.example`)
const zone: Readonly<Record<string, DnsRecord>> = {
  'public.example': { addresses: ['93.184.216.34', '2606:2800:220:1::1'] },
  'four.example': { addresses: ['93.184.216.34'] },
  'drops-aaaa.example': { addresses: ['93.184.216.34'], fourOnly: true },
  'mixed.example': { addresses: ['93.184.216.34', '::1'] },
  'alias.example': { cname: ['db.internal'], addresses: ['127.0.0.1'] },
  'chain.example': { cname: chain, addresses: ['10.0.0.1'] },
  'loop.example': { cname: ['loop.example'], addresses: [] },
  'empty.example': { addresses: [] },
  'broken.example': { rcode: 'SERVFAIL' },
  'refusing.example': { rcode: 'REFUSED' },
  'silent.example': 'silent',
}

let dns: DnsServer
let folder: string
let lookup: Lookup
before(async () => {
  dns = await startDns((name) => zone[name])
  folder = await mkdtemp(join(tmpdir(), 'sendoff-hosts-'))
  const hostsFile = join(folder, 'hosts')
  await writeFile(
    hostsFile,
    '# 9.9.9.9 comment.example\n10.1.2.3 Listed.example other.example # note\nfe80::1%lo0 zone.example\njunk bad.example\n',
  )
  lookup = createSystemLookup({ servers: [dns.address], hostsFile })
})
after(async () => {
  await dns.close()
  await rm(folder, { recursive: true })
})

async function failure(name: string): Promise<string> {
  const egress = createEgress({ clock: systemClock, lookup }, { allow: [] })
  const outcome = await egress
    .connect({ host: name, port: 80 }, forever)
    .catch((error: unknown) => error)
  assert.ok(outcome instanceof EgressError, name)
  return `${outcome.code} ${outcome.detail}`
}

test('system lookup: a name has its addresses of both families', async () => {
  assert.deepEqual(await lookup('public.example', forever), ['93.184.216.34', '2606:2800:220:1::1'])
  assert.deepEqual(await lookup('four.example', forever), ['93.184.216.34'])
})

test('system lookup: a server that drops AAAA costs half a second, not the name', async () => {
  const startedAt = performance.now()
  assert.deepEqual(await lookup('drops-aaaa.example', forever), ['93.184.216.34'])
  // Asking twice and waiting both times takes four.
  assert.ok(performance.now() - startedAt < 3_000)
})

test('[52] [57] system lookup: aliases and long chains to the inside are refused', async () => {
  assert.equal(await failure('alias.example'), 'blocked loopback')
  assert.equal(await failure('chain.example'), 'blocked private')
  assert.equal(await failure('mixed.example'), 'blocked loopback')
  assert.match(await failure('loop.example'), /^dns /)
})

test('[58] system lookup: each failure of a name server has its own detail', async () => {
  assert.equal(await failure('empty.example'), 'dns dns_empty')
  assert.equal(await failure('nosuch.example'), 'dns dns_nxdomain')
  assert.equal(await failure('broken.example'), 'dns dns_servfail')
  assert.equal(await failure('refusing.example'), 'dns dns_refused')
  assert.equal(await failure('silent.example'), 'dns dns_timeout')
})

test('system lookup: names that time out do not delay another', async () => {
  const giveUp = new AbortController()
  const silent = Array.from({ length: 50 }, () => lookup('silent.example', giveUp.signal))
  let ended = 0
  for (const question of silent) question.catch(() => ended++)
  const startedAt = performance.now()
  await lookup('public.example', forever)
  assert.equal(ended, 0)
  giveUp.abort()
  for (const outcome of await Promise.allSettled(silent)) assert.equal(outcome.status, 'rejected')
  assert.ok(performance.now() - startedAt < 3_000, 'giving up ends the questions')
})

test('[55] system lookup: every connection asks again', async () => {
  const before = dns.asked.length
  for (let round = 0; round < 3; round++) await lookup('four.example', forever)
  assert.equal(dns.asked.length - before, 6)
})

test('[60] system lookup: no search domain is appended', async () => {
  const before = dns.asked.length
  await assert.rejects(lookup('nosuch', forever))
  await assert.rejects(lookup('nosuch.example', forever))
  assert.deepEqual([...new Set(dns.asked.slice(before))], ['nosuch', 'nosuch.example'])
})

test('[61] system lookup: the hosts file is honoured, and its addresses are judged', async () => {
  assert.deepEqual(await lookup('listed.example', forever), ['10.1.2.3'])
  assert.deepEqual(await lookup('other.example', forever), ['10.1.2.3'])
  assert.equal(await failure('listed.example'), 'blocked private')
  assert.equal(await failure('zone.example'), 'blocked link_local')
  for (const name of ['comment.example', 'bad.example', 'note'])
    await assert.rejects(lookup(name, forever), name)
})
