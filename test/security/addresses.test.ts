/**
 * Which addresses a request may reach, row by row of the security matrix, and as properties over
 * random addresses. The operator's allow list (rows 27 to 30) is held by test/egress/policy.test.ts.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { BlockList, isIPv6 } from 'node:net'
import test from 'node:test'
import * as fc from 'fast-check'
import { canonicalAddress } from '../../src/egress/address.ts'
import { classifyAddress } from '../../src/egress/classify.ts'
import { sharedData, without } from '../support/shared-data.ts'

const rows: readonly (readonly [row: string, expected: string, ...addresses: string[]])[] = [
  ['[A1] loopback', 'loopback', '127.0.0.0', '127.0.0.1', '127.255.255.255'],
  ['[A2] just outside loopback', 'allowed', '126.255.255.255', '128.0.0.1'],
  ['[A3] this network', 'unspecified', '0.0.0.0'],
  ['[A3] this network', 'reserved', '0.1.2.3'],
  ['[A4] RFC 1918', 'private', '10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255'],
  ['[A4] RFC 1918 home', 'private', '192.168.0.0', '192.168.255.255'],
  ['[A4] beside RFC 1918', 'allowed', '172.15.255.255', '172.32.0.0', '11.0.0.1', '9.255.255.255'],
  ['[A5] CGNAT', 'private', '100.64.0.0', '100.127.255.255'],
  ['[A5] beside CGNAT', 'allowed', '100.63.255.255', '100.128.0.0'],
  ['[A6] link-local', 'link_local', '169.254.0.1', '169.254.255.255'],
  ['[A6] metadata', 'metadata', '169.254.169.254', '169.254.170.2', '169.254.169.123'],
  ['[A7] IETF protocols', 'reserved', '192.0.0.0', '192.0.0.255'],
  ['[A7] Oracle metadata', 'metadata', '192.0.0.192'],
  ['[A8] documentation', 'reserved', '192.0.2.1', '198.51.100.1', '203.0.113.255'],
  ['[A9] benchmarks', 'reserved', '198.18.0.0', '198.19.255.255'],
  ['[A9] beside benchmarks', 'allowed', '198.17.255.255', '198.20.0.0'],
  ['[A10] relays', 'reserved', '192.88.99.1', '192.31.196.1', '192.175.48.1', '192.52.193.1'],
  ['[A11] multicast', 'multicast', '224.0.0.1', '239.1.1.1'],
  ['[A11] reserved and broadcast', 'reserved', '240.0.0.1', '255.255.255.255'],
  ['[A12] Azure wire server', 'metadata', '168.63.129.16'],
  ['[A12] beside it', 'allowed', '168.63.129.15', '168.63.129.17'],
  ['[A13] Alibaba metadata', 'metadata', '100.100.100.200'],
  ['[A14] AWS metadata over IPv6', 'metadata', 'fd00:ec2::254', 'fd20:ce::254'],
  ['[A15] unspecified', 'unspecified', '::', '0:0:0:0:0:0:0:0'],
  ['[A15] loopback', 'loopback', '::1', '0:0:0:0:0:0:0:1', '0000::1'],
  ['[A16] mapped loopback', 'loopback', '::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:7F00:1'],
  ['[A16] mapped metadata', 'metadata', '::ffff:a9fe:a9fe', '0:0:0:0:0:ffff:169.254.169.254'],
  ['[A16] mapped public', 'allowed', '::ffff:8.8.8.8', '::ffff:808:808'],
  ['[A17] compatible', 'reserved', '::127.0.0.1', '::7f00:1', '::8.8.8.8'],
  ['[A18] translated, ISATAP', 'reserved', '::ffff:0:7f00:1', '::5efe:7f00:1'],
  ['[A18] ISATAP under a public prefix', 'reserved', '2a00::5efe:7f00:1', '2a00::200:5efe:a00:1'],
  ['[A19] NAT64', 'reserved', '64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::1'],
  ['[A20] 6to4', 'reserved', '2002:7f00:1::1', '2002:808:808::1'],
  [
    '[A21] Teredo, ORCHID',
    'reserved',
    '2001:0:4136:e378::',
    '2001:10::1',
    '2001:20::1',
    '2001:1ff::',
  ],
  ['[A22] discard, dummy', 'reserved', '100::1', '100:0:0:1::1'],
  ['[A23] unique local, site-local', 'private', 'fc00::1', 'fdee::1', 'fec0::1'],
  ['[A23] link-local', 'link_local', 'fe80::1', 'fe80::1%eth0', 'febf::1'],
  ['[A23] zone on a public address', 'link_local', '2606:4700::1%eth0'],
  ['[A24] documentation, SRv6', 'reserved', '2001:db8::1', '3fff::1', '5f00::1'],
  ['[A24] multicast', 'multicast', 'ff02::2'],
  ['[A25] outside 2000::/3', 'reserved', '4000::1', '8000::1', '1fff::1'],
  ['[A26] public', 'allowed', '2606:4700:4700::1111', '2a00:1450:4001::1', '2001:4860:4860::8888'],
  ['[A31] AS112', 'reserved', '2620:4f:8000::1'],
  ['[B32] no address', 'url', '', '127.1', '0177.0.0.1', '0x7f000001', '2130706433', 'localhost'],
]

const outcome = (address: string) => {
  const verdict = classifyAddress(address)
  return verdict.kind === 'allowed' ? 'allowed' : verdict.code
}

for (const [row, expected, ...addresses] of rows) {
  test(`addresses: ${row}: ${expected}`, () => {
    for (const address of addresses) assert.equal(outcome(address), expected, address)
  })
}

const vectors = 'ssrf/address-vectors.json'
test('addresses: every public test vector gets its verdict', { skip: without(vectors) }, () => {
  type Vector = { ip: string; verdict: string; ourPolicy?: string }
  const cases = JSON.parse(sharedData(vectors)) as readonly Vector[]
  assert.ok(cases.length >= 100)
  for (const { ip, verdict, ourPolicy = verdict } of cases)
    assert.equal(outcome(ip) === 'allowed' ? 'allow' : 'deny', ourPolicy, ip)
})

test('addresses: a refusal says what the address is', () => {
  const verdict = classifyAddress('10.1.2.3')
  assert.deepEqual(verdict, {
    kind: 'refused',
    code: 'private',
    because: '10.1.2.3 is a private address',
  })
})

// Written down a second time, from the IANA registries, and matched by the platform.
const nonGlobal = new BlockList()
const nonGlobal4 = `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12
  192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16
  192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
  168.63.129.16/32`
const nonGlobal6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20 2620:4f:8000::/48'
for (const [cidrs, family] of [
  [nonGlobal4, 'ipv4'],
  [nonGlobal6, 'ipv6'],
] as const) {
  for (const cidr of cidrs.split(/\s+/)) {
    const [address = '', bits] = cidr.split('/')
    nonGlobal.addSubnet(address, Number(bits), family)
  }
}

/** Half of them inside the blocks' neighbourhoods, where mistakes live. */
const firstBytes = [0, 10, 100, 127, 168, 169, 172, 192, 198, 203, 224, 255]
const randomIpv4 = (bytes: Uint8Array) => {
  const first = bytes[4]! < 128 ? bytes[0]! : firstBytes[bytes[4]! % firstBytes.length]!
  return `${first}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
}
const randomIpv6 = (bytes: Buffer) =>
  Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':')

test('addresses: [A31] 400,000 random IPv4 addresses and their mapped forms agree with IANA', () => {
  const pool = randomBytes(400_000 * 5)
  for (let at = 0; at < pool.length; at += 5) {
    const address = randomIpv4(pool.subarray(at, at + 5))
    const expected = !nonGlobal.check(address, 'ipv4') && address !== '100.100.100.200'
    const verdict = outcome(address)
    if ((verdict === 'allowed') !== expected) assert.fail(`${address}: ${verdict}`)
    if (outcome(`::ffff:${address}`) !== verdict) assert.fail(`mapped ${address}`)
  }
})

test('addresses: [A31] 200,000 random IPv6 addresses agree with IANA', () => {
  const pool = randomBytes(200_000 * 16)
  for (let at = 0; at < pool.length; at += 16) {
    const bytes = pool.subarray(at, at + 16)
    // Every second one inside 2000::/3, every eighth inside 2000::/14, where most blocks are.
    if (at % 32 === 0) bytes[0] = 0x20 | (bytes[0]! & 0x1f)
    if (at % 128 === 0) bytes.set([0x20, bytes[1]! & 3], 0)
    const address = randomIpv6(bytes)
    const isatap = (bytes.readUInt32BE(8) & ~0x0200_0000) === 0x5efe
    const expected = bytes[0]! >> 5 === 1 && !nonGlobal.check(address, 'ipv6') && !isatap
    const verdict = outcome(address)
    if ((verdict === 'allowed') !== expected) assert.fail(`${address}: ${verdict}`)
  }
})

test('addresses: every spelling is read as the platform reads it', () => {
  const group = fc.constantFrom('0', '0000', 'ffff', '1', '5EFE', '7f00', 'abcd')
  const byte = fc.nat(255).map(String)
  const dotted = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.'))
  const side = fc.array(group, { maxLength: 4 }).map((groups) => groups.join(':'))
  const spelling = fc.oneof(
    fc.tuple(side, side).map(([head, tail]) => `${head}::${tail}`),
    fc.tuple(side, dotted).map(([head, tail]) => `${head}::${tail}`),
    fc
      .tuple(side, fc.array(group, { maxLength: 2 }), dotted)
      .map(([head, groups, tail]) => [`${head}:`, ...groups, tail].join(':')),
  )
  fc.assert(
    fc.property(spelling, (text) => {
      fc.pre(isIPv6(text))
      const platform = new URL(`http://[${text}]`).hostname
      const ours = canonicalAddress(text)!
      const again = ours.includes(':') ? ours : `::ffff:${ours}`
      assert.equal(new URL(`http://[${again}]`).hostname, platform)
    }),
    { numRuns: 5_000 },
  )
})
