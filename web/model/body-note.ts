/** What is said of an answer's body besides its text: how long it was, and what was done to it. */
import type { AttemptWire } from '../../src/inspector/wire-event.ts'
import { size } from './quantity.ts'

type Response = NonNullable<AttemptWire['response']>

export function bodyNote({ size: bytes, truncated, redacted }: Response): string {
  if (redacted === 'withheld') return `${size(bytes)}, not kept: secrets in it could not be masked`
  const length = truncated ? `the beginning of ${size(bytes)}` : size(bytes)
  if (redacted === 'unpacked') return `${length}, unpacked to mask secrets`
  return redacted === 'masked' ? `${length}, secrets masked` : length
}
