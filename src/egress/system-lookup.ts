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

const PATIENCE = { timeout: 1_500, tries: 2, maxTimeout: 2_500 }
/** Some name servers drop questions for AAAA; once one family is known the other has this long. */
const OTHER_FAMILY_MS = 500
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
  const questions = [resolver.resolve4(name), resolver.resolve6(name)] as const
  let grace: NodeJS.Timeout | undefined
  for (const question of questions) {
    question.then(
      () => (grace ??= setTimeout(cancel, OTHER_FAMILY_MS)),
      () => undefined, // told by allSettled
    )
  }
  const settled = await Promise.allSettled(questions)
  clearTimeout(grace)
  signal.removeEventListener('abort', cancel)

  const answers = settled.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  const failures = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  if (answers.length > 0 || failures.length === 0) return answers
  // "No such record" says less than any other failure.
  throw failures.find(({ code }) => code !== 'ENODATA') ?? failures[0]
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
