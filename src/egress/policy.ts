/**
 * Decides whether a request may go to a target: the address's own verdict, the operator's allow list,
 * the names that mean "inside", the ports, and this server itself. A verdict's `because` is written
 * for the person who made the request.
 *
 * Invariant: a name alone never allows anything. Before DNS it can only be refused; what it resolves
 * to is judged address by address, and a name from inside needs the operator's word for each.
 */
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { limits } from '../model/limits.ts'
import { canonicalAddress, parseAddress, withPort } from './address.ts'
import { parseAllowList } from './allow-list.ts'
import { classifyAddress, refuse } from './classify.ts'
import type { RefusalCode, Verdict } from './egress.ts'
import { isPort, isWebPort } from './ports.ts'

/** `web`: for an HTTP request, so the web's ports only; user code's own sockets may use others. */
export type Target = { readonly host: string; readonly port: number; readonly web: boolean }

export type Listener = { readonly address: string; readonly port: number }

export type Policy = {
  judgeUrl(url: URL): Verdict
  /** All that can be said of a target before DNS; the last word on a literal address. */
  judgeTarget(target: Target): Verdict
  /** The last word on an address that the target's host is, or resolved to. */
  judgeAddress(address: string, target: Target): Verdict
}

type Options = {
  readonly allow: readonly string[]
  /** Where this server listens, asked at each judgement. */
  readonly self?: () => readonly Listener[]
}

/** `localhost` is never looked up (RFC 6761); it is these. */
export const loopbackAddresses: readonly string[] = ['127.0.0.1', '::1']

/** Names whose last label is one of these, or that have one label only, live inside a network. */
const insideLabels: ReadonlySet<string> = new Set(
  'localhost localdomain local internal intranet lan home corp svc'.split(' '),
)

/** Throws `setting_invalid` where the allow list is not exact. */
export function createPolicy({ allow, self = () => [] }: Options): Policy {
  const allowList = parseAllowList(allow)

  function judgeUrl(url: URL): Verdict {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      return refuse(
        'scheme',
        `${url.protocol} is not a scheme that requests may use: http or https`,
      )
    if (Buffer.byteLength(url.href) > limits.sendUrlBytes)
      return refuse('url', `the URL is longer than ${limits.sendUrlBytes} bytes`)
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
    return judgeTarget({ host: url.hostname, port, web: true })
  }

  function judgeTarget(target: Target): Verdict {
    const { host, port, web } = target
    if (!isPort(port)) return refuse('port', `${port} is not a port that can be connected to`)
    const literal = literalOf(host)
    if (literal !== null) return judgeAddress(literal, target)

    if (!isHostName(host)) return refuse('url', `${JSON.stringify(host)} is not a host name`)
    if (isLocalhost(host)) {
      const verdicts = loopbackAddresses.map((address) => judgeAddress(address, target))
      return verdicts.find(({ kind }) => kind === 'allowed') ?? verdicts[0]!
    }
    if (isInside(host) && allowList.isEmpty) return refuseInside(host)
    if (web && !isWebPort(port) && !allowList.names(port)) return refusePort(port)
    return { kind: 'allowed', by: 'default' }
  }

  function judgeAddress(text: string, { host, port, web }: Target): Verdict {
    const verdict = classifyAddress(text)
    const address = parseAddress(text)
    const byName = literalOf(host) === null
    const sensitive = verdict.kind === 'refused' && verdict.code === 'metadata'
    if (address && allowList.covers(address, port, sensitive))
      return { kind: 'allowed', by: 'operator' }
    const refused = isOwn(text, port, self())
      ? refuse('self', `${withPort(text, port)} is this server itself`)
      : verdict
    if (refused.kind === 'refused') {
      const via = byName ? `${host} resolves to a refused address: ` : ''
      const advice = hint(refused.code, text, port)
      return refuse(
        refused.code,
        `${via}${refused.because}, which requests may not reach.${advice}`,
      )
    }
    if (byName && isInside(host)) return refuseInside(host)
    if (web && !isWebPort(port)) return refusePort(port)
    return verdict
  }

  return { judgeUrl, judgeTarget, judgeAddress }
}

/** The address that a host spells, brackets or not; null for a name. */
export function literalOf(host: string): string | null {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return isIP(bare) === 0 ? null : bare
}

/** A name as it is looked up and compared: lower case, no final dot. */
export function canonicalName(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

export function isLocalhost(host: string): boolean {
  return /^(?:.+\.)?localhost$/.test(canonicalName(host))
}

function isInside(host: string): boolean {
  const labels = canonicalName(host).split('.')
  return labels.length === 1 || insideLabels.has(labels.at(-1)!) || /\.home\.arpa\.?$/i.test(host)
}

/** Letters, digits, `-` and `_`; a name that ends in a number is a mis-spelt address. */
function isHostName(host: string): boolean {
  const name = canonicalName(host)
  return (
    name.length <= 253 &&
    name.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label)) &&
    !/(?:^|\.)(?:\d+|0x[\da-f]*)$/.test(name)
  )
}

/** A server that listens on all addresses is at each of the machine's own. */
function isOwn(address: string, port: number, listeners: readonly Listener[]): boolean {
  const canonical = canonicalAddress(address)
  return listeners
    .filter((listener) => listener.port === port)
    .some((listener) =>
      listener.address === '0.0.0.0' || listener.address === '::'
        ? ownAddresses().includes(canonical)
        : canonicalAddress(listener.address) === canonical,
    )
}

function ownAddresses(): readonly (string | null)[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => canonicalAddress(address)),
  )
}

/** Only for what an operator may sensibly want: nobody should be nudged to open a metadata service. */
function hint(code: RefusalCode, address: string, port: number): string {
  if (code !== 'loopback' && code !== 'private' && code !== 'self') return ''
  const entry = address.includes(':') ? `[${address}/128]:${port}` : `${address}/32:${port}`
  return ` An operator can allow it with SENDOFF_EGRESS_ALLOW=${entry}`
}

function refuseInside(host: string): Verdict {
  return refuse(
    'name',
    `${host} is a name of an internal network, which requests may not reach.` +
      ' An operator can allow the addresses it resolves to with SENDOFF_EGRESS_ALLOW',
  )
}

function refusePort(port: number): Verdict {
  return refuse(
    'port',
    `port ${port} is not one that requests may go to: 80, 443, or 1024 and up without other` +
      ` protocols' own. An operator can allow it with SENDOFF_EGRESS_ALLOW=<address>:${port}`,
  )
}
