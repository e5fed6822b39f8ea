/**
 * What an operator lets through besides the public addresses (SENDOFF_EGRESS_ALLOW). An entry is an
 * address or an exact CIDR, with or without a port: `10.0.0.1:321`, `10.0.0.0/8`, `[::1]:8080`,
 * `[fd00::/8]:443`, `fd00::/8`. One without a port opens the web's ports only.
 *
 * Invariant: width never reaches a metadata address; only an entry for that single address does.
 * An entry that could be read in two ways stops the start, for half an allow list is a wrong one.
 */
import { isIP } from 'node:net'
import { AppError } from '../errors.ts'
import { type Address, holds, parseAddress, type Range } from './address.ts'
import { isPort, isWebPort } from './ports.ts'

type Entry = { readonly range: Range; readonly port: number | null; readonly single: boolean }

export type AllowList = {
  readonly isEmpty: boolean
  /** Whether some entry names this port, for whatever addresses. */
  names(port: number): boolean
  /** Whether an entry covers the address at the port. `sensitive`: only an entry for it alone counts. */
  covers(address: Address, port: number, sensitive: boolean): boolean
}

/** Reads the entries. Throws `setting_invalid` at the first that is not exact. */
export function parseAllowList(texts: readonly string[]): AllowList {
  const entries = texts.map(parseEntry)
  return {
    isEmpty: entries.length === 0,
    names: (port) => entries.some((entry) => entry.port === port),
    covers: (address, port, sensitive) =>
      entries.some(
        (entry) =>
          holds(entry.range, address) &&
          (entry.port === null ? isWebPort(port) : entry.port === port) &&
          (entry.single || !sensitive),
      ),
  }
}

function parseEntry(text: string): Entry {
  const { cidr, port } = splitPort(text)
  if (port !== null && !isPort(port)) refuse('a port from 1 to 65535 after the colon', text)
  const range = parseRange(cidr, text)
  return { range, port, single: range.bits === range.start.length * 8 }
}

/** The port of an IPv6 entry needs brackets; without them every colon belongs to the address. */
function splitPort(text: string): { cidr: string; port: number | null } {
  const bare = text.indexOf(':') !== text.lastIndexOf(':') && !text.startsWith('[')
  const parts = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:[\]]+))(?::(?<port>\d{1,5}))?$/.exec(
    text,
  )?.groups
  if (bare) return { cidr: text, port: null }
  if (parts === undefined) return refuse('a list of CIDR, CIDR:port or [IPv6 CIDR]:port', text)
  const cidr = parts.six ?? parts.four ?? ''
  if ((parts.six !== undefined) !== cidr.includes(':')) refuse('brackets around IPv6 only', text)
  return { cidr, port: parts.port === undefined ? null : Number(parts.port) }
}

function parseRange(cidr: string, text: string): Range {
  const [literal = '', suffix, ...rest] = cidr.split('/')
  const start = parseAddress(literal)
  const badSuffix = suffix !== undefined && !/^\d{1,3}$/.test(suffix)
  if (start === null || literal.includes('%') || badSuffix || rest.length > 0)
    return refuse('a list of exact CIDRs such as 10.0.0.0/8 or fd00::/8', text)
  if (start.length * 8 !== (isIP(literal) === 4 ? 32 : 128))
    return refuse('IPv4 addresses in their own form, not as ::ffff:', text)

  const width = start.length * 8
  const bits = suffix === undefined ? width : Number(suffix)
  if (bits > width) return refuse(`a prefix of at most /${width}`, text)
  if (hasHostBits(start, bits)) return refuse(`a CIDR whose bits after /${bits} are zero`, text)
  return { start, bits }
}

function hasHostBits(start: Address, bits: number): boolean {
  return start.some((byte, index) => (byte & (0xff >> clamp(bits - index * 8))) !== 0)
}

/** How many of a byte's eight bits the prefix takes. */
function clamp(bits: number): number {
  return Math.min(8, Math.max(0, bits))
}

function refuse(expected: string, actual: string): never {
  throw new AppError('setting_invalid', {
    name: 'SENDOFF_EGRESS_ALLOW',
    expected,
    actual: JSON.stringify(actual),
  })
}
