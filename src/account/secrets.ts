/**
 * How values are sealed: AES-256-GCM under the instance's one key, with a fresh 96-bit nonce for each,
 * and bound to what they are about, so that a value moved to another account or name does not open.
 *
 *   sealed = 1 byte version | 12 bytes nonce | ciphertext | 16 bytes tag     (of text: in base64)
 *
 * Invariant: no value and no key is ever part of an error.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Clock } from '../clock.ts'

const ALGORITHM = 'aes-256-gcm'
const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
export const KEY_BYTES = 32

export type SecretBox = {
  seal(text: string, about: string): string
  /** Undefined when it was sealed with another key, about something else, or was changed. */
  open(sealed: string, about: string): string | undefined
  /** The same without the base64 around it. */
  sealBytes(plain: Uint8Array, about: string): Uint8Array
  openBytes(sealed: Uint8Array, about: string): Uint8Array | undefined
}

export function createSecretBox(
  { clock }: { readonly clock: Pick<Clock, 'randomBytes'> },
  key: Uint8Array,
): SecretBox {
  function sealBytes(plain: Uint8Array, about: string): Buffer {
    const nonce = clock.randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(Buffer.from(about))
    const parts = [Buffer.of(VERSION), nonce, cipher.update(plain), cipher.final()]
    return Buffer.concat([...parts, cipher.getAuthTag()])
  }

  function openBytes(bytes: Uint8Array, about: string): Buffer | undefined {
    if (bytes[0] !== VERSION || bytes.length < 1 + NONCE_BYTES + TAG_BYTES) return undefined
    const nonce = bytes.subarray(1, 1 + NONCE_BYTES)
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(-TAG_BYTES))
    try {
      const plain = decipher.update(bytes.subarray(1 + NONCE_BYTES, -TAG_BYTES))
      return Buffer.concat([plain, decipher.final()])
    } catch {
      return undefined // The tag does not fit: there is no more to know than that.
    }
  }

  return {
    sealBytes,
    openBytes,
    seal: (text, about) => sealBytes(Buffer.from(text), about).toString('base64'),
    open: (sealed, about) => openBytes(Buffer.from(sealed, 'base64'), about)?.toString('utf8'),
  }
}

/** The key that a setting or a file spells: 32 bytes in base64, base64url or hex. */
export function parseSecretKey(text: string): Uint8Array | undefined {
  const spelled = text.trim()
  if (/^[0-9a-f]{64}$/i.test(spelled)) return Buffer.from(spelled, 'hex')
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(spelled) ? Buffer.from(spelled, 'base64') : undefined
}
