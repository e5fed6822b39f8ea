/**
 * Takes secrets out of an attempt before it is handed to the store: the values of the account's
 * variables, and those that the request itself carries by name, wherever request, answer or fault repeat
 * them. The one place where that is done.
 *
 * A compressed answer is looked into. Where it holds a secret, or more than can be looked into, the text
 * that it holds is kept in its stead. Size and SHA-256 stay those of what was received.
 *
 * Invariant: where the values cannot be had, nothing that might hold one is kept, and the attempt says
 * so; the delivery itself is not held up by that.
 */
import { isUtf8 } from 'node:buffer'
import type { Attempt, CapturedResponse, DeliveryTask, Redaction } from '../model/delivery.ts'
import type { HeaderPair } from '../model/event.ts'
import { NamedMasks } from '../model/hide-request.ts'
import { limits } from '../model/limits.ts'
import { namedSecrets } from '../model/redact.ts'
import { NO_MASKS } from '../model/redact-values.ts'
import type { ByteMask, Mask, Masks } from '../model/redact-values.ts'
import type { AccountMasks } from './account-masks.ts'
import { unpackBody } from './unpack-body.ts'

/** Gives the attempt without secrets; at once, and the very object, where there are none to look for. */
export type Protect = (
  task: Pick<DeliveryTask, 'accountId' | 'send'>,
  attempt: Attempt,
) => Attempt | Promise<Attempt>

export function createProtect(masks: Pick<AccountMasks, 'of'>): Protect {
  const ofNames = new NamedMasks()
  return ({ accountId, send }, attempt) => {
    const ofAccount = masks.of(accountId)
    const named = namedSecrets(send.headers, send.url)
    if (ofAccount === NO_MASKS && named.length === 0) return attempt
    return protectBy(ofAccount, ofNames.of(named), attempt)
  }
}

async function protectBy(
  asked: Masks | Promise<Masks>,
  ofNames: Masks,
  attempt: Attempt,
): Promise<Attempt> {
  let ofAccount: Masks
  try {
    ofAccount = await asked
  } catch {
    return withheld(attempt)
  }
  if (ofAccount === NO_MASKS && ofNames === NO_MASKS) return attempt
  const text: Mask = (value) => ofNames.text(ofAccount.text(value))
  const { request, response, error } = attempt
  return {
    ...attempt,
    request: request && {
      method: request.method,
      url: text(request.url),
      headers: maskHeaders(request.headers, text),
    },
    response:
      response && (await maskResponse(response, text, (b) => ofNames.bytes(ofAccount.bytes(b)))),
    error: error && { message: text(error.message), detail: error.detail && text(error.detail) },
  }
}

async function maskResponse(
  response: CapturedResponse,
  text: Mask,
  bytes: ByteMask,
): Promise<CapturedResponse> {
  const kept = await maskBody(response, bytes)
  return { ...response, headers: maskHeaders(response.headers, text), ...kept }
}

type KeptBody = Pick<CapturedResponse, 'body' | 'truncated'> & { readonly redacted: Redaction }

/** What is kept instead of the body; undefined where it may stay as it is. */
async function maskBody(
  { body, headers, truncated }: CapturedResponse,
  mask: ByteMask,
): Promise<KeptBody | undefined> {
  const masked = mask(body)
  const unpacked = await unpackBody(body, headers, limits.responseStoredBytes)
  // What is text as it stands was never compressed, whatever its headers say.
  if (unpacked && (unpacked.isWhole || !isUtf8(body))) {
    const held = mask(unpacked.bytes)
    if (unpacked.isWhole && held === unpacked.bytes && masked === body) return undefined
    return { ...bounded(held, truncated || !unpacked.isWhole), redacted: 'unpacked' }
  }
  return masked === body ? undefined : { ...bounded(masked, truncated), redacted: 'masked' }
}

/** What stands for a value may be longer than it was. */
function bounded(body: Uint8Array, truncated: boolean): Pick<KeptBody, 'body' | 'truncated'> {
  const most = limits.responseStoredBytes
  return body.length > most
    ? { body: body.subarray(0, most), truncated: true }
    : { body, truncated }
}

const maskHeaders = (headers: readonly HeaderPair[], mask: Mask): readonly HeaderPair[] =>
  headers.map(([name, value]) => [mask(name), mask(value)])

/** How it ended, when, and how much came back: nothing that the destination or a step wrote. */
function withheld(attempt: Attempt): Attempt {
  const { response, error } = attempt
  return {
    ...attempt,
    request: null,
    response: response && {
      ...response,
      headers: response.headers.filter(([name, value]) => isRetryAfter(name, value)),
      body: new Uint8Array(),
      truncated: true,
      redacted: 'withheld',
    },
    error: error && {
      message:
        "Cannot show why the attempt failed: the account's variables could not be opened, so nothing could be masked",
      detail: null,
    },
  }
}

/** A number of seconds or a date: when to come again is decided by it. */
const isRetryAfter = (name: string, value: string): boolean =>
  name.toLowerCase() === 'retry-after' &&
  /^(?:\d{1,9}|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT)$/.test(value)
