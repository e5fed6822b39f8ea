/**
 * The line between the server and a guest process: frames on one socket pair, the same code at both ends.
 *
 *   frame   = u32 length of payload | u8 kind | u32 stream | payload         (big-endian)
 *   message = u32 length of head | head (JSON) | tail (bytes)                (the payload of kind 0)
 *
 * Kinds 1 to 7 carry the tunnelled sockets of user code, one `stream` number each; bodies travel as
 * bytes, never inside JSON. Every frame from the guest is hostile input: this file bounds its size and
 * its form, up-message.ts its meaning. Nothing here deserialises anything but JSON.
 *
 * What it needs of the platform is captured when it is loaded, before user code can replace it.
 */
import { isDeeperThan } from '../model/json-depth.ts'
import { limits } from '../model/limits.ts'
import type { ImportPlace, LogEntry } from '../model/run.ts'
import type { RawRequest } from '../model/event.ts'

export const frameKind = {
  message: 0,
  /** Guest: connect this stream. JSON: OpenRequest. */
  open: 1,
  data: 2,
  /** No more data in this direction. */
  end: 3,
  /** The stream is over in both directions. JSON: CloseReason, or nothing. */
  close: 4,
  /** Server: the stream is connected. JSON: OpenedAddress. */
  opened: 5,
  /** The receiver has room for so many bytes more: u32. */
  credit: 6,
  /** Guest: the stream serves this run from now on. JSON: `{ run }`. */
  owner: 7,
} as const

/**
 * Bytes that may be under way in each direction of a stream before the receiver grants more: so many at
 * first, and up to so many for one whose reader keeps up. Hundreds that are never read cost little.
 */
export const FIRST_WINDOW = 16 * 1024
export const STREAM_WINDOW = 256 * 1024
/** The longest frame the server takes: one send with the largest body there is, and its head. */
export const UP_FRAME_BYTES = 20 * 1024 * 1024
/** The server's own frames are bounded by the size of an event. */
export const DOWN_FRAME_BYTES = 0xffff_ffff

/** What a log entry costs of its run's allowance besides its text, so that empty ones are bounded too. */
export const LOG_ENTRY_BYTES = 32
/** What the guest may send above the limit of exports: notes in place of those that were too large. */
export const EXPORT_SLACK_BYTES = 128 * 1024
/** Entries that a run may still write once it is over. */
export const LATE_ENTRIES = 100

/** What a step may export, and the few levels that exports and diffs put around it. */
const JSON_DEPTH = limits.exportDepth + 10

const FRAME_HEADER = 9
const BATCH_BYTES = 64 * 1024
/** From here on, a payload is written by itself rather than copied into the batch. */
const BULK_BYTES = 16 * 1024

export type OpenRequest = { readonly run: string; readonly host: string; readonly port: number }
export type OpenedAddress = {
  readonly address: string
  readonly port: number
  readonly family: string
}
/** `endsRun`: the run has used up what it may have of the network, and fails with this. */
export type CloseReason = {
  readonly code: string
  readonly message: string
  readonly endsRun?: boolean
}

export type LoadedStep = {
  readonly name: string
  readonly prefix: number
  readonly length: number
  readonly imports?: readonly ImportPlace[]
}

/** Server to guest. `load` comes once, its tail the sources; the tail of `run` is the event's body. */
export type DownMessage =
  | {
      readonly type: 'load'
      readonly steps: readonly LoadedStep[]
      readonly packages: string | null
    }
  | {
      readonly type: 'run'
      readonly run: string
      readonly request: Omit<RawRequest, 'body'>
      readonly context: Readonly<Record<string, unknown>>
      readonly env: Readonly<Record<string, string>>
      readonly response: 'default' | 'custom'
    }
  | { readonly type: 'ping'; readonly id: number }

export type StepEnd = 'succeeded' | 'ended' | 'failed'

type Entry = LogEntry & { readonly run: string; readonly step: number }

/**
 * Guest to server. `run` is the nonce of the run it speaks of; `step` an index into the program.
 * The tail of `end` is the exports (the first `exportsBytes`), then the diff; that of `send` and
 * `respond` is its body.
 */
export type UpMessage =
  | { readonly type: 'hello' }
  | { readonly type: 'begun'; readonly run: string }
  | ({ readonly type: 'log' } & Entry)
  | ({ readonly type: 'late' } & Entry)
  | {
      readonly type: 'send'
      readonly run: string
      readonly step: number
      readonly index: number
      readonly fields: unknown
      readonly hasBody: boolean
    }
  | {
      readonly type: 'skipped'
      readonly run: string
      readonly step: number
      readonly index: number
      readonly reason: string
    }
  | {
      readonly type: 'respond'
      readonly run: string
      readonly step: number
      readonly status: number
      readonly headers: unknown
      readonly immediate: boolean
      readonly hasBody: boolean
    }
  | {
      readonly type: 'end'
      readonly run: string
      readonly step: number
      readonly durationMs: number
      readonly status: StepEnd
      readonly message: string | null
      readonly error: {
        readonly name: string
        readonly message: string
        readonly stack: string
        readonly line: number | null
        readonly column: number | null
      } | null
      readonly exportsBytes: number
    }
  | { readonly type: 'done'; readonly run: string; readonly durationMs: number }
  /** Nothing runs any more. `left` names what user code left behind, by kind; it may come again. */
  | { readonly type: 'idle'; readonly left: readonly string[] }
  | { readonly type: 'pong'; readonly id: number }

/** The other end broke the protocol: it is not talked to any further. */
export class ProtocolError extends Error {
  constructor(because: string) {
    super(because)
    this.name = 'ProtocolError'
  }
}

const { parse, stringify } = JSON
const encoder = new TextEncoder()
const encodeInto = encoder.encodeInto.bind(encoder)
const decoder = new TextDecoder()
const decode = decoder.decode.bind(decoder)
const NOTHING = new Uint8Array(0)

/** Collects frames into one batch and hands it on at `flush`. The bytes handed on are not reused. */
export class FrameWriter {
  readonly #write: (bytes: Uint8Array) => void
  #batch = new Uint8Array(BATCH_BYTES)
  #used = 0

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write
  }

  /** Queues a message. `head` must hold nothing that `JSON.stringify` would call into user code for. */
  message(head: object, tail: Uint8Array = NOTHING): void {
    const text = stringify(head)
    this.#reserve(FRAME_HEADER + 4 + text.length * 3)
    const start = this.#used
    const { written } = encodeInto(text, this.#batch.subarray(start + FRAME_HEADER + 4))
    this.#header(start, 4 + written + tail.length, frameKind.message, 0)
    writeU32(this.#batch, start + FRAME_HEADER, written)
    this.#used = start + FRAME_HEADER + 4 + written
    this.#append(tail)
  }

  frame(kind: number, stream: number, payload: Uint8Array = NOTHING): void {
    this.#reserve(FRAME_HEADER)
    this.#header(this.#used, payload.length, kind, stream)
    this.#used += FRAME_HEADER
    this.#append(payload)
  }

  json(kind: number, stream: number, value: object): void {
    this.frame(kind, stream, encoder.encode(stringify(value)))
  }

  number(kind: number, stream: number, value: number): void {
    const payload = new Uint8Array(4)
    writeU32(payload, 0, value)
    this.frame(kind, stream, payload)
  }

  flush(): void {
    if (this.#used === 0) return
    const bytes = this.#batch.slice(0, this.#used)
    this.#used = 0
    this.#write(bytes)
  }

  #header(at: number, length: number, kind: number, stream: number): void {
    if (length > DOWN_FRAME_BYTES) throw new ProtocolError(`a frame of ${length} bytes`)
    writeU32(this.#batch, at, length)
    this.#batch[at + 4] = kind
    writeU32(this.#batch, at + 5, stream)
  }

  #append(payload: Uint8Array): void {
    if (payload.length >= BULK_BYTES) {
      this.flush()
      this.#write(payload)
      return
    }
    this.#reserve(payload.length)
    this.#batch.set(payload, this.#used)
    this.#used += payload.length
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#batch.length) return
    this.flush()
    if (bytes > this.#batch.length) this.#batch = new Uint8Array(bytes)
  }
}

type OnFrame = (kind: number, stream: number, payload: Uint8Array) => void

/** Cuts a byte stream into frames. A payload is only valid during the call, unless it is copied. */
export class FrameReader {
  readonly #maxBytes: number
  readonly #header = new Uint8Array(FRAME_HEADER)
  #headerUsed = 0
  #payload: Uint8Array | null = null
  #payloadUsed = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Throws a ProtocolError for a frame that is too long; the stream is then of no use any more. */
  read(chunk: Uint8Array, onFrame: OnFrame): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#payload) {
        at += this.#fill(chunk, at)
        if (this.#isWhole()) this.#deliver(onFrame)
        continue
      }
      if (this.#headerUsed === 0 && chunk.length - at >= FRAME_HEADER) {
        const length = this.#checked(readU32(chunk, at))
        const end = at + FRAME_HEADER + length
        if (end <= chunk.length) {
          onFrame(chunk[at + 4]!, readU32(chunk, at + 5), chunk.subarray(at + FRAME_HEADER, end))
          at = end
          continue
        }
      }
      at += this.#fillHeader(chunk, at)
      if (this.#isWhole()) this.#deliver(onFrame)
    }
  }

  #isWhole(): boolean {
    return this.#payload !== null && this.#payloadUsed === this.#payload.length
  }

  #fillHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(FRAME_HEADER - this.#headerUsed, chunk.length - at)
    this.#header.set(chunk.subarray(at, at + taken), this.#headerUsed)
    this.#headerUsed += taken
    if (this.#headerUsed === FRAME_HEADER) {
      this.#payload = new Uint8Array(this.#checked(readU32(this.#header, 0)))
      this.#payloadUsed = 0
    }
    return taken
  }

  #fill(chunk: Uint8Array, at: number): number {
    const payload = this.#payload!
    const taken = Math.min(payload.length - this.#payloadUsed, chunk.length - at)
    payload.set(chunk.subarray(at, at + taken), this.#payloadUsed)
    this.#payloadUsed += taken
    return taken
  }

  #deliver(onFrame: OnFrame): void {
    const payload = this.#payload!
    this.#payload = null
    this.#headerUsed = 0
    onFrame(this.#header[4]!, readU32(this.#header, 5), payload)
  }

  #checked(length: number): number {
    if (length > this.#maxBytes) throw new ProtocolError(`a frame of ${length} bytes`)
    return length
  }
}

/** Splits the payload of a message. The head is any JSON value: who trusts it checks it first. */
export function readMessage(payload: Uint8Array): { head: unknown; tail: Uint8Array } {
  if (payload.length < 4) throw new ProtocolError('a message without a head')
  const length = readU32(payload, 0)
  if (4 + length > payload.length) throw new ProtocolError('a message shorter than its head')
  return { head: readJson(payload.subarray(4, 4 + length)), tail: payload.subarray(4 + length) }
}

/** Throws a ProtocolError, also for JSON that is nested deeper than whoever walks it has stack for. */
export function readJson(bytes: Uint8Array): unknown {
  let value: unknown
  const text = decode(bytes)
  try {
    value = parse(text)
  } catch (error) {
    throw new ProtocolError(`bytes that are not JSON (${String(error)})`)
  }
  if (isDeeperThan(JSON_DEPTH, text)) throw new ProtocolError('JSON that is nested too deeply')
  return value
}

export function readNumber(payload: Uint8Array): number {
  if (payload.length !== 4) throw new ProtocolError('a number that is not four bytes')
  return readU32(payload, 0)
}

function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  )
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
