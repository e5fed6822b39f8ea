/**
 * One way to read an IP address, for every rule of this folder. Strict: exactly what the platform
 * accepts as a literal, none of the short, octal or hexadecimal spellings. An IPv4 address in its
 * IPv6-mapped form is that IPv4 address; there is no second name under which to slip past a rule.
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** The bytes of an address: 4 or 16. */
export type Address = readonly number[]
export type Range = { readonly start: Address; readonly bits: number }

/** The address that `text` spells, or null. A zone (`%eth0`) is not part of it. */
export function parseAddress(text: string): Address | null {
  return parse(text)?.toByteArray() ?? null
}

/** The one spelling of an address: what is connected to, compared and shown; null if it is none. */
export function canonicalAddress(text: string): string | null {
  return parse(text)?.toString() ?? null
}

/**
 * The platform says what an address is; the parser then sees groups only. Given `::8.8.8.8`, it would
 * answer 8.8.8.8, where the platform connects to `::808:808`.
 */
function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (isIP(text) === 0) return null
  return ipaddr.process(
    text.replace(
      /:(\d+)\.(\d+)\.(\d+)\.(\d+)/,
      (_, a, b, c, d) => `:${hex(a)}${hex(b)}:${hex(c)}${hex(d)}`,
    ),
  )
}

function hex(decimal: string): string {
  return Number(decimal).toString(16).padStart(2, '0')
}

/** Whether the range holds the address; a range of the other family never does. */
export function holds({ start, bits }: Range, address: Address): boolean {
  if (start.length !== address.length) return false
  const whole = bits >> 3
  for (let index = 0; index < whole; index++) {
    if (start[index] !== address[index]) return false
  }
  const mask = 0xff00 >> (bits & 7)
  return (((start[whole] ?? 0) ^ (address[whole] ?? 0)) & mask & 0xff) === 0
}

/** `203.0.113.7:443` or `[2001:db8::7]:443`. */
export function withPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
