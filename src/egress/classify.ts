/**
 * Decides from an address alone whether a request may go there.
 *
 * The table is read from the top and the first row that holds the address decides, as in a firewall.
 * What no row allows is refused: only global unicast is allowed, less everything IANA set aside in it.
 * Pure: no DNS, no port, no operator's wishes; those are policy.ts.
 *
 * Invariant: an address and its IPv4-mapped form get the same verdict.
 */
import type { RefusalCode, Verdict } from './egress.ts'
import { type Address, holds, parseAddress, type Range } from './address.ts'

type Row = readonly [cidr: string, decision: RefusalCode | 'allowed', what: string]

const table: readonly Row[] = [
  // The services that hand out a machine's credentials come first, so that they keep their name.
  ['169.254.169.0/24', 'metadata', 'a cloud metadata address'], // AWS, Google, Azure, and most others
  ['169.254.170.0/24', 'metadata', 'a cloud metadata address'], // AWS containers
  ['192.0.0.192/32', 'metadata', 'a cloud metadata address'], // Oracle
  ['100.100.100.200/32', 'metadata', 'a cloud metadata address'], // Alibaba
  ['168.63.129.16/32', 'metadata', 'a cloud metadata address'], // Azure, inside a public range
  ['fd00:ec2::/32', 'metadata', 'a cloud metadata address'], // AWS
  ['fd20:ce::/32', 'metadata', 'a cloud metadata address'], // Google

  ['0.0.0.0/32', 'unspecified', 'the unspecified address'],
  ['0.0.0.0/8', 'reserved', 'an address of "this network"'],
  ['10.0.0.0/8', 'private', 'a private address'],
  ['100.64.0.0/10', 'private', 'a shared address of a provider (CGNAT)'],
  ['127.0.0.0/8', 'loopback', 'a loopback address'],
  ['169.254.0.0/16', 'link_local', 'a link-local address'],
  ['172.16.0.0/12', 'private', 'a private address'],
  ['192.0.0.0/24', 'reserved', 'an address for IETF protocols'],
  ['192.0.2.0/24', 'reserved', 'an address for documentation'],
  ['192.31.196.0/24', 'reserved', 'an AS112 address'],
  ['192.52.193.0/24', 'reserved', 'a tunnel relay (AMT)'],
  ['192.88.99.0/24', 'reserved', 'a tunnel relay (6to4)'],
  ['192.168.0.0/16', 'private', 'a private address'],
  ['192.175.48.0/24', 'reserved', 'an AS112 address'],
  ['198.18.0.0/15', 'reserved', 'an address for benchmarks'],
  ['198.51.100.0/24', 'reserved', 'an address for documentation'],
  ['203.0.113.0/24', 'reserved', 'an address for documentation'],
  ['224.0.0.0/4', 'multicast', 'a multicast address'],
  ['255.255.255.255/32', 'reserved', 'the broadcast address'],
  ['240.0.0.0/4', 'reserved', 'a reserved address'],
  ['0.0.0.0/0', 'allowed', 'global unicast'],

  ['::/128', 'unspecified', 'the unspecified address'],
  ['::1/128', 'loopback', 'a loopback address'],
  ['::/96', 'reserved', 'an IPv4-compatible address'],
  ['64:ff9b::/96', 'reserved', 'a translated IPv4 address (NAT64)'],
  ['64:ff9b:1::/48', 'reserved', 'a translated IPv4 address (NAT64)'],
  ['100::/64', 'reserved', 'a discard address'],
  ['fc00::/7', 'private', 'a private address'],
  ['fe80::/10', 'link_local', 'a link-local address'],
  ['fec0::/10', 'private', 'a site-local address'],
  ['ff00::/8', 'multicast', 'a multicast address'],
  ['2001::/32', 'reserved', 'a tunnelled IPv4 address (Teredo)'],
  ['2001::/23', 'reserved', 'an address for IETF protocols'],
  ['2001:db8::/32', 'reserved', 'an address for documentation'],
  ['2002::/16', 'reserved', 'a tunnelled IPv4 address (6to4)'],
  ['2620:4f:8000::/48', 'reserved', 'an AS112 address'],
  ['3fff::/20', 'reserved', 'an address for documentation'],
  ['2000::/3', 'allowed', 'global unicast'],
  ['::/0', 'reserved', 'outside global unicast (2000::/3)'],
]

const rows = table.map(([cidr, decision, what]) => ({ range: rangeOf(cidr), decision, what }))

/** Judges an address literal. Never throws: text that is no address is refused too. */
export function classifyAddress(text: string): Verdict {
  const address = parseAddress(text)
  if (address === null) return refuse('url', `${text} is not an IP address`)
  if (text.includes('%')) return refuse('link_local', `${text} names a network interface`)
  if (isIsatap(address)) return refuse('reserved', `${text} is a tunnelled IPv4 address (ISATAP)`)

  const row = rows.find(({ range }) => holds(range, address))
  if (row === undefined) return refuse('reserved', `${text} is of no known kind`)
  if (row.decision === 'allowed') return { kind: 'allowed', by: 'default' }
  return refuse(row.decision, `${text} is ${row.what}`)
}

/** An interface identifier of 0:5efe or 200:5efe carries an IPv4 address, under any prefix. */
function isIsatap(address: Address): boolean {
  const [high = 0, low, five, efe] = address.slice(8, 12)
  return (high & ~2) === 0 && low === 0 && five === 0x5e && efe === 0xfe
}

export function refuse(code: RefusalCode, because: string): Verdict {
  return { kind: 'refused', code, because }
}

function rangeOf(cidr: string): Range {
  const [start = '', bits] = cidr.split('/')
  return { start: parseAddress(start)!, bits: Number(bits) }
}
