/**
 * Who sent a request, by which scheme and to which host. Only a proxy that the operator named is
 * believed: of `X-Forwarded-For` the right-most address that is not such a proxy is the client, since
 * everything left of it is what the client claimed. Of `X-Forwarded-Proto` and `X-Forwarded-Host` the
 * entry of the same hop counts, or the only one there is.
 */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

export type Sender = {
  readonly clientIp: string
  readonly scheme: 'http' | 'https'
  readonly host: string
}

type Options = { readonly trustedProxies: readonly string[]; readonly publicUrl: string | null }

/** The characters of RFC 3986's host and port; a port and brackets are not checked further. */
const HOST = /^[\w.~%!$&'()*+,;=:[\]-]+$/

export const isHost = (text: string): boolean => HOST.test(text)

/** Makes the reader. A host that is the public URL's is taken to have come by the public URL's scheme. */
export function createSenderReader(options: Options): (request: IncomingMessage) => Sender {
  const trusted = trustedList(options.trustedProxies)
  const isTrusted = (ip: string): boolean =>
    isIP(ip) !== 0 && trusted.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4')
  const known = options.publicUrl === null ? undefined : new URL(options.publicUrl)
  const schemeOf = (host: string): 'http' | 'https' =>
    known?.protocol === 'https:' && known.host === host.toLowerCase() ? 'https' : 'http'

  return (request) => {
    const peer = plainAddress(request.socket.remoteAddress ?? '')
    const ownHost = request.headers.host ?? ''
    if (options.trustedProxies.length === 0 || !isTrusted(peer)) {
      return { clientIp: peer, scheme: schemeOf(ownHost), host: ownHost }
    }
    const forwarded = listOf(request.headers['x-forwarded-for'])
    let clientIp = peer
    let hops = 0
    while (isTrusted(clientIp) && hops < forwarded.length) {
      const next = plainAddress(forwarded[forwarded.length - 1 - hops]!)
      if (isIP(next) === 0) break
      clientIp = next
      hops++
    }
    const ofHop = (name: string): string | undefined => {
      const entries = listOf(request.headers[name])
      return entries[Math.max(0, entries.length - Math.max(1, hops))]
    }
    const named = ofHop('x-forwarded-host')
    const host = named !== undefined && isHost(named) ? named : ownHost
    const scheme = ofHop('x-forwarded-proto')?.toLowerCase()
    return {
      clientIp,
      scheme: scheme === 'https' || scheme === 'http' ? scheme : schemeOf(host),
      host,
    }
  }
}

function trustedList(entries: readonly string[]): BlockList {
  const trusted = new BlockList()
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(bits), family)
  }
  return trusted
}

/** Without what dual-stack sockets (`::ffff:192.0.2.1`) and some proxies (`192.0.2.1:80`, `[::1]:80`) add. */
function plainAddress(text: string): string {
  if (isIP(text) === 0) return /^\[?([\d.]+|[\da-f:.]+(?=\]))\]?(?::\d+)?$/i.exec(text)?.[1] ?? text
  return text.startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  const text = typeof value === 'string' ? value : (value?.join(',') ?? '')
  return text === '' ? [] : text.split(',').map((entry) => entry.trim())
}
