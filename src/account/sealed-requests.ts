/**
 * Seals requests that hold secrets, before they wait in the store, and opens them for whoever sends
 * them. What has no secret is not touched. A sealed request is bound to its delivery, so that it cannot
 * be moved to another, whose destination would be given it.
 *
 *   plain = 4 bytes length | JSON { url, headers, hasBody } | body, where the body holds a secret
 *
 * Invariant: what stands beside the sealed bytes in the store is what may be shown.
 */
import { AppError } from '../errors.ts'
import type { SealedRequest, Send } from '../model/delivery.ts'
import type { HeaderPair } from '../model/event.ts'
import { hideSecrets, NamedMasks } from '../model/hide-request.ts'
import type { Masks } from '../model/redact-values.ts'
import type { OpenKey } from './secret-key.ts'

type Deps = { readonly key: OpenKey }

type Sealed = { readonly send: Send; readonly sealed: SealedRequest }

/** What is to be sent. No body: it has no secret, and stands in the store as it is. */
export type OpenedRequest = Pick<Send, 'url' | 'headers'> & { readonly body?: Uint8Array }

type Head = {
  readonly url: string
  readonly headers: readonly HeaderPair[]
  readonly hasBody: boolean
}

const LENGTH_BYTES = 4

export class SealedRequests {
  readonly #deps: Deps
  readonly #named = new NamedMasks()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Undefined where the send holds no secret. `masks` are those of the account's variables. */
  seal(accountId: number, deliveryId: string, send: Send, masks: Masks): Sealed | undefined {
    const shown = hideSecrets(send, masks, this.#named)
    if (shown === send) return undefined
    const hasBody = shown.body !== send.body
    const head: Head = { url: send.url, headers: send.headers, hasBody }
    const text = Buffer.from(JSON.stringify(head))
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32BE(text.length)
    const plain = Buffer.concat([length, text, ...(hasBody ? [send.body!] : [])])
    const bytes = this.#deps.key.box.sealBytes(plain, aboutOf(accountId, deliveryId))
    return { send: shown, sealed: { bytes, bodySize: send.body?.length ?? 0 } }
  }

  /** Throws `request_unreadable`. */
  open(accountId: number, deliveryId: string, sealed: Uint8Array): OpenedRequest {
    const opened = this.#deps.key.box.openBytes(sealed, aboutOf(accountId, deliveryId))
    if (!opened) throw new AppError('request_unreadable', { id: deliveryId })
    const plain = Buffer.from(opened.buffer, opened.byteOffset, opened.length)
    const end = LENGTH_BYTES + plain.readUInt32BE()
    const head = JSON.parse(plain.toString('utf8', LENGTH_BYTES, end)) as Head
    const { url, headers, hasBody } = head
    return hasBody ? { url, headers, body: plain.subarray(end) } : { url, headers }
  }
}

const aboutOf = (accountId: number, deliveryId: string): string =>
  `request|${accountId}|${deliveryId}`
