/**
 * Bytes as text, or undefined where they are not text. UTF-8 is tried first whatever is declared, since
 * senders declare wrongly more often than other bytes happen to be UTF-8; then the declared charset,
 * where the platform knows it. A byte order mark is kept: the text then encodes to the same bytes.
 */

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const decoders = new Map<string, TextDecoder | undefined>([['utf-8', utf8]])
/** Labels come from strangers: only so many are remembered. */
const REMEMBERED_LABELS = 100

/** Decodes bytes as UTF-8, else in `charset`; undefined if neither fits. */
export function decodeText(bytes: Uint8Array, charset?: string): string | undefined {
  const text = decode(utf8, bytes)
  if (charset === undefined) return text
  // ASCII in UTF-16 is valid UTF-8 that is half NULs.
  const wide = /^utf-16/i.test(charset)
  if (text !== undefined && !(wide && text.includes('\0'))) return text
  const bigEndian = wide && bytes[0] === 0xfe && bytes[1] === 0xff
  const decoder = decoderOf(bigEndian ? 'utf-16be' : charset.toLowerCase())
  return (decoder && decode(decoder, bytes)) ?? text
}

function decode(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined // Not in this encoding: the caller decides what it is then.
  }
}

function decoderOf(label: string): TextDecoder | undefined {
  if (decoders.has(label)) return decoders.get(label)
  let decoder: TextDecoder | undefined
  try {
    decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true })
  } catch {
    decoder = undefined // A charset that the platform does not know.
  }
  if (decoders.size < REMEMBERED_LABELS) decoders.set(label, decoder)
  return decoder
}
