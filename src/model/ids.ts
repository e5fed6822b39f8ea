/**
 * Identifiers: a prefix that names the noun, then 128 bits in Crockford's base 32 (26 characters).
 * Event ids are UUIDv7, so their text sorts by time. An event has one run, and a run's deliveries are
 * numbered by step and call, so `run_` and `dlv_` ids are derived, never drawn: running an event again
 * yields the same ids, which is what makes `store.finish` idempotent.
 *
 * Invariant: no id contains a '.', which Standard Webhooks forbids in `webhook-id`.
 */

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** What a character stands for, by its code. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, ALPHABET.indexOf(String.fromCharCode(code))),
)
const BODY = '[0-9a-hjkmnp-tv-z]{26}'
const EVENT_ID = new RegExp(`^evt_${BODY}$`)
const WORKFLOW_ID = new RegExp(`^wf_${BODY}$`)
const DELIVERY_ID = new RegExp(`^dlv_(${BODY})([0-9a-f]{2})([0-9a-f]{3})$`)

/** Writes 16 bytes as 26 characters, most significant first, keeping the order of the bytes. */
export function encodeId(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 2 // 26 characters carry 130 bits: the first two are zero
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xffff
    held += 8
    while (held >= 5) {
      held -= 5
      text += ALPHABET[(bits >> held) & 31]
    }
  }
  return text
}

/** The 16 bytes of an id such as `evt_...`, as 32 hexadecimal digits. */
export function hexOf(id: string): string {
  const start = id.length - 26
  // 130 bits, the first two zero: two characters make two digits, each further four make five.
  let hex = hexAt(id, start, 2, 2)
  for (let at = start + 2; at < id.length; at += 4) hex += hexAt(id, at, 4, 5)
  return hex
}

function hexAt(id: string, from: number, chars: number, digits: number): string {
  let bits = 0
  for (let at = from; at < from + chars; at++) bits = (bits << 5) | VALUES[id.charCodeAt(at)]!
  return bits.toString(16).padStart(digits, '0')
}

/** Makes a UUIDv7 (RFC 9562, 5.7) out of an instant and ten random bytes. */
export function uuidV7(atMs: number, random: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16)
  let rest = atMs
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  bytes.set(random.subarray(0, 10), 6)
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes
}

/** The least id of an instant: ids of that prefix from then on sort at or after it. */
export const idAt = (prefix: 'evt', atMs: number): string =>
  `${prefix}_${encodeId(uuidV7(Math.max(0, atMs), NO_CHANCE))}`

const NO_CHANCE = new Uint8Array(10)

/** The instant that an event id was drawn at, in integer ms. */
export const timeOfId = (id: string): number => Number.parseInt(hexOf(id).slice(0, 12), 16)

export const isEventId = (text: string): boolean => EVENT_ID.test(text)
export const isWorkflowId = (text: string): boolean => WORKFLOW_ID.test(text)

/** The run of an event: there is exactly one. */
export const runIdOf = (eventId: string): string => `run_${eventId.slice(4)}`
export const eventIdOfRun = (runId: string): string => `evt_${runId.slice(4)}`

/** The delivery of a run's call: `step` is the step's position, `index` the call's within the step. */
export function deliveryId(eventId: string, step: number, index: number): string {
  return `dlv_${eventId.slice(4)}${step.toString(16).padStart(2, '0')}${index.toString(16).padStart(3, '0')}`
}

export type DeliveryKey = {
  readonly eventId: string
  readonly step: number
  readonly index: number
}

/** Reads a delivery id back; undefined when the text is not one. */
export function parseDeliveryId(text: string): DeliveryKey | undefined {
  const match = DELIVERY_ID.exec(text)
  if (!match) return undefined
  return {
    eventId: `evt_${match[1]}`,
    step: Number.parseInt(match[2]!, 16),
    index: Number.parseInt(match[3]!, 16),
  }
}
