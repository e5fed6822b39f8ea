/**
 * From a name to all of its addresses, each judged. One refused address refuses the whole answer: a
 * name that is public and private at once is an attack or a mistake.
 *
 * Invariant: the addresses returned are the ones that were judged; nobody looks the name up again.
 */
import { canonicalAddress } from './address.ts'
import { blocked, dnsError } from './connect-errors.ts'
import { canonicalName, isLocalhost, literalOf, loopbackAddresses } from './policy.ts'
import type { Policy, Target } from './policy.ts'

/** All addresses of an absolute name; rejects with an Error whose `code` is one of c-ares's. */
export type Lookup = (name: string, signal: AbortSignal) => Promise<readonly string[]>

const DNS_TIMEOUT_MS = 5_000

/** The addresses to connect to, best first, in canonical form and never empty. Rejects with EgressError. */
export async function resolveTarget(
  deps: { readonly policy: Policy; readonly lookup: Lookup },
  target: Target,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const early = deps.policy.judgeTarget(target)
  if (early.kind === 'refused') throw blocked(early)

  const literal = literalOf(target.host)
  if (literal !== null) return [canonicalAddress(literal)!]
  if (isLocalhost(target.host)) {
    return loopbackAddresses.filter(
      (address) => deps.policy.judgeAddress(address, target).kind === 'allowed',
    )
  }

  const name = canonicalName(target.host)
  const answer = await lookUp(deps.lookup, name, signal)
  for (const address of answer) {
    const verdict = deps.policy.judgeAddress(address, target)
    if (verdict.kind === 'refused') throw blocked(verdict)
  }
  return alternate([...new Set(answer.map((address) => canonicalAddress(address)!))])
}

async function lookUp(
  lookup: Lookup,
  name: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(failure('ETIMEOUT')), DNS_TIMEOUT_MS)
  const either = AbortSignal.any([signal, timeout.signal])
  const aborted = new Promise<never>((_, reject) => {
    either.addEventListener('abort', () => reject(either.reason), { once: true })
  })
  try {
    const answer = await Promise.race([lookup(name, either), aborted])
    if (answer.length === 0) throw failure('ENODATA')
    return answer
  } catch (cause) {
    signal.throwIfAborted()
    throw dnsError(name, cause as Error)
  } finally {
    clearTimeout(timer)
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(`DNS: ${code}`), { code })
}

/** IPv4 and IPv6 in turn, so that a dead family costs one step; IPv4 first, as more hosts have it. */
function alternate(addresses: readonly string[]): readonly string[] {
  const six = addresses.filter((address) => address.includes(':'))
  const four = addresses.filter((address) => !address.includes(':'))
  const rounds = Math.max(six.length, four.length)
  return Array.from({ length: rounds }, (_, index) => [four[index], six[index]])
    .flat()
    .filter((address) => address !== undefined)
}
