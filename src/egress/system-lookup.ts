/**
 * The machine's own names: its hosts file, then its name servers, both for A and AAAA.
 *
 * It asks them directly (c-ares) instead of through getaddrinfo, because that one runs two at a time
 * in the thread pool, so that two dead name servers would stop everybody's deliveries; it cannot tell
 * a missing name from a failing server; and it appends search domains.
 */
import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { parseAddress } from './address.ts'
import type { Lookup } from './resolve.ts'

/** Two tries end before resolve.ts's own deadline, so a server that drops AAAA leaves A's answer. */
const PATIENCE = { timeout: 1_500, tries: 2, maxTimeout: 2_500 }
const HOSTS_FILE =
  process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts'

type Options = {
  /** `address:port` of name servers to ask instead of the machine's. */
  readonly servers?: readonly string[]
  readonly hostsFile?: string
}

export function createSystemLookup({ servers, hostsFile = HOSTS_FILE }: Options = {}): Lookup {
  return async (name, signal) => {
    const listed = await addressesInHostsFile(hostsFile, name)
    signal.throwIfAborted()
    return listed.length > 0 ? listed : askServers(servers, name, signal)
  }
}

/** A resolver of its own for each name: abortable, and always of the current resolv.conf. */
async function askServers(
  servers: readonly string[] | undefined,
  name: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const resolver = new Resolver(PATIENCE)
  if (servers) resolver.setServers(servers)
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  signal.removeEventListener('abort', cancel)

  const answers = [four, six].flatMap((result) =>
    result.status === 'fulfilled' ? result.value : [],
  )
  if (answers.length > 0) return answers
  throw four.status === 'rejected' && six.status === 'rejected' ? tellingOf(four, six) : noData()
}

/** "No such record" says less than any other failure. */
function tellingOf(four: PromiseRejectedResult, six: PromiseRejectedResult): Error {
  const [first, second] = [four.reason, six.reason] as [NodeJS.ErrnoException, Error]
  return first.code === 'ENODATA' ? second : first
}

function noData(): Error {
  return Object.assign(new Error('DNS: empty answer'), { code: 'ENODATA' })
}

async function addressesInHostsFile(path: string, name: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/)
    return names.includes(name) && parseAddress(address) !== null ? [address] : []
  })
}
