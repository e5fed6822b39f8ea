/**
 * Names: rows 51 to 61 of the security matrix as attempts, through a real name server on loopback.
 * 127.0.0.2 plays the public host, 127.0.0.1 the inside; a listener on both tells who came where.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createEgress } from '../../src/egress/connector.ts'
import type { Egress } from '../../src/egress/egress.ts'
import { createSystemLookup } from '../../src/egress/system-lookup.ts'
import type { Attempt } from '../../src/model/delivery.ts'
import { attemptOne } from '../support/attempt-one.ts'
import { taskTo } from '../support/delivery-task.ts'
import { startDns } from '../support/dns-server.ts'
import type { DnsRecord, DnsServer } from '../support/dns-server.ts'
import { listen } from '../support/listener.ts'
import type { Listener } from '../support/listener.ts'

const PUBLIC = ['127.0.0.2']
const INSIDE = ['127.0.0.1']
const ROUNDS = 200
const chain = (length: number) => Array.from({ length }, (_, i) => `c${i}.example`)

/** Name, code and detail of the attempt, and what the name server answers. */
const rows: readonly (readonly [name: string, outcome: string, record: DnsRecord])[] = [
  ['[51] a', 'blocked loopback', { addresses: INSIDE }],
  ['[51] aaaa', 'blocked loopback', { addresses: ['::1'] }],
  ['[51] mapped', 'blocked private', { addresses: ['::ffff:10.0.0.1'] }],
  ['[51] metadata', 'blocked metadata', { addresses: ['169.254.169.254'] }],
  ['[52] mixed', 'blocked loopback', { addresses: [...PUBLIC, ...INSIDE] }],
  ['[52] mixed-families', 'blocked loopback', { addresses: [...PUBLIC, '::1'] }],
  ['[57] alias', 'blocked loopback', { cname: ['db.internal'], addresses: INSIDE }],
  ['[57] chain', 'blocked loopback', { cname: chain(17), addresses: INSIDE }],
  ['[57] loop', 'dns dns_empty', { cname: ['loop.example'], addresses: [] }],
  ['[57] round', 'dns dns_empty', { cname: ['x.example', 'round.example'], addresses: [] }],
  ['[58] empty', 'dns dns_empty', { addresses: [] }],
  ['[58] missing', 'dns dns_nxdomain', { rcode: 'NXDOMAIN' }],
  ['[58] broken', 'dns dns_servfail', { rcode: 'SERVFAIL' }],
  ['[58] refusing', 'dns dns_refused', { rcode: 'REFUSED' }],
  ['[58] puzzled', 'dns dns_formerr', { rcode: 'FORMERR' }],
  ['[58] unable', 'dns dns_notimp', { rcode: 'NOTIMP' }],
  ['[58] silent', 'timeout timeout_connect', 'silent'],
  ['[58] garbage', 'dns dns_malformed', 'garbage'],
  ['[58] other-question', 'timeout timeout_connect', { addresses: PUBLIC, lie: 'id' }],
  ['[58] other-name', 'blocked loopback', { addresses: INSIDE, lie: { name: 'bank.example' } }],
  ['[58] slower', 'timeout timeout_connect', { addresses: PUBLIC, delayMs: 30_000 }],
  ['[58] slow', 'null null', { addresses: PUBLIC, delayMs: 150 }],
  ['[57] public-alias', 'null null', { cname: ['cdn.example'], addresses: PUBLIC }],
]
const hostOf = (name: string) => `${name.replace(/^\[\d+\] /, '')}.example`

const asked = new Map<string, number>()
/** The first question for a name is answered with the public address, the next with the inside. */
function rebinding(name: string): DnsRecord {
  const times = (asked.get(name) ?? 0) + 1
  asked.set(name, times)
  // A and AAAA are asked for side by side.
  return { addresses: times <= 2 ? PUBLIC : INSIDE }
}

let dns: DnsServer
let listener: Listener
let egress: Egress
before(async () => {
  const zone = new Map(rows.map(([name, , record]) => [hostOf(name), record]))
  dns = await startDns((name) => (name.startsWith('rebind') ? rebinding(name) : zone.get(name)))
  listener = await listen('0.0.0.0')
  const lookup = createSystemLookup({ servers: [dns.address], hostsFile: '/nonexistent' })
  egress = createEgress({ clock: systemClock, lookup }, { allow: ['127.0.0.2/32'] })
})
after(async () => {
  await dns.close()
  await listener.close()
})

const attemptAt = (host: string, timeoutMs: number): Promise<Attempt> =>
  attemptOne(taskTo(`http://${host}:${listener.port}/`, { timeoutMs }), egress)

test('names: each answer of a name server has its outcome, by the time limit, in words', async () => {
  const attempts = await Promise.all(
    rows.map(async ([name, outcome]) => {
      const timeoutMs = outcome.startsWith('timeout') ? 400 : 10_000
      const attempt = await attemptAt(hostOf(name), timeoutMs)
      assert.ok(attempt.timings!.totalMs < timeoutMs + 5_000, name)
      return attempt
    }),
  )
  const ended = attempts.map(({ code, error }) => `${code} ${error?.detail ?? null}`)
  const named = rows.map(([name], i) => `${name}: ${ended[i]}`)
  assert.deepEqual(
    named,
    rows.map(([name, outcome]) => `${name}: ${outcome}`),
  )
  for (const { code, error } of attempts) {
    if (code === 'dns') assert.match(error!.message, /^Cannot resolve \S+\.example: [a-z]/)
    if (code === 'blocked') assert.match(error!.message, /resolves to a refused address: /)
  }
  const slow = attempts[rows.findIndex(([name]) => name === '[58] slow')]
  assert.ok(slow!.timings!.dnsMs! >= 140, String(slow!.timings!.dnsMs))
  assert.ok(listener.accepted.every((address) => address === '127.0.0.2'))
})

test(`[53] [55] names: of ${ROUNDS} names that change their mind none leads inside`, async () => {
  const before = listener.accepted.length
  for (let done = 0; done < ROUNDS; done += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const host = `rebind${done + i}.example`
        assert.equal((await attemptAt(host, 20_000)).outcome, 'delivered')
        const second = await attemptAt(host, 20_000)
        assert.equal(`${second.code} ${second.error?.detail}`, 'blocked loopback')
      }),
    )
  }
  assert.equal(listener.accepted.length - before, ROUNDS)
  assert.ok(listener.accepted.every((address) => address === '127.0.0.2'))
})
