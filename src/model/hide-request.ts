/**
 * What may be shown of a request that waits to be sent: without the secrets that it carries by name, and
 * without the values of the account's variables, wherever they stand. A body that is compressed is not
 * looked into; where there are secrets at all, it is taken to hold one.
 */
import type { Send } from './delivery.ts'
import { isSecretHeader, namedSecrets, redactHeaders, redactUrl } from './redact.ts'
import { createMasks, NO_MASKS } from './redact-values.ts'
import type { ByteMask, Mask, Masks } from './redact-values.ts'

/** As many names' worth are remembered: most of a workflow's requests carry the same ones. */
const NAMED = 64
const HIDDEN = Buffer.from('••••')

/** Masks of values that requests carry by name. */
export class NamedMasks {
  readonly #kept = new Map<string, Masks>()

  of(secrets: readonly string[]): Masks {
    if (secrets.length === 0) return NO_MASKS
    const name = secrets.join('\n')
    const masks = this.#kept.get(name) ?? createMasks(secrets)
    // Used last, it goes last.
    this.#kept.delete(name)
    this.#kept.set(name, masks)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > NAMED && oldest !== undefined) this.#kept.delete(oldest)
    return masks
  }
}

/** The send as it may be shown; the very object where there is nothing to hide. */
export function hideSecrets(send: Send, ofAccount: Masks, named: NamedMasks): Send {
  const ofNames = named.of(repeatedSecrets(send))
  const text: Mask = (value) => ofNames.text(ofAccount.text(value))
  const url = text(redactUrl(send.url))
  const isPlain = ofAccount === NO_MASKS && ofNames === NO_MASKS
  const isNamed = send.headers.some(([name]) => isSecretHeader(name))
  const headers =
    isPlain && !isNamed
      ? send.headers
      : redactHeaders(send.headers).map(([name, value]) => [text(name), text(value)] as const)
  const bytes: ByteMask = (value) => ofNames.bytes(ofAccount.bytes(value))
  const mayHide = send.body !== null && (!isPlain || isNamed)
  const body = mayHide ? hideBody(send.body, send, bytes) : send.body
  const isSame =
    url === send.url &&
    body === send.body &&
    (headers === send.headers ||
      headers.every(([name, value], i) => {
        const [ownName, own] = send.headers[i]!
        return name === ownName && value === own
      }))
  return isSame ? send : { ...send, url, headers, body }
}

/** Of the secrets that it carries by name, those that stand elsewhere in it: most requests have none. */
function repeatedSecrets(send: Send): readonly string[] {
  const secrets = namedSecrets(send.headers, send.url)
  if (secrets.length === 0) return secrets
  const address = redactUrl(send.url)
  const values = send.headers.filter(([name]) => !isSecretHeader(name)).map(([, value]) => value)
  const body = Buffer.from(send.body ?? [])
  return secrets.filter(
    (secret) =>
      address.includes(secret) ||
      values.some((value) => value.includes(secret)) ||
      body.includes(secret),
  )
}

function hideBody(body: Uint8Array, { headers }: Send, mask: ByteMask): Uint8Array {
  const isPacked = headers.some(([name]) => name.toLowerCase() === 'content-encoding')
  return isPacked ? HIDDEN : mask(body)
}
