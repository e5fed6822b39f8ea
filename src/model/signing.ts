/**
 * How requests are signed (Standard Webhooks): the workflow's setting, and what a secret is. A secret
 * reads `whsec_` and the base64 of its bytes; what seals and opens it is account/secrets.ts.
 */
import { limits } from './limits.ts'

/** `v1` is HMAC-SHA256, the one version there is. */
export type SigningSetting = { readonly version: 'v1' }

/** A workflow's secret as the store keeps it. The one that signs for good has no `lapsesAt`. */
export type SealedSigningSecret = {
  readonly sealed: string
  readonly createdAt: number
  readonly lapsesAt: number | null
}

/** What requests are signed with now, newest first, and until when that is so. */
export type SigningKeys = {
  readonly keys: readonly Uint8Array[]
  readonly validUntil: number | null
}

const PREFIX = 'whsec_'
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export function spellSigningSecret(key: Uint8Array): string {
  return PREFIX + Buffer.from(key).toString('base64')
}

/** The bytes of a secret; undefined where it is none. */
export function parseSigningSecret(text: string): Uint8Array | undefined {
  const base64 = text.slice(PREFIX.length)
  if (!text.startsWith(PREFIX) || !BASE64.test(base64)) return undefined
  const key = Buffer.from(base64, 'base64')
  const fits = key.length >= limits.signingSecretBytesMin && key.length <= limits.signingSecretBytes
  return fits ? key : undefined
}
