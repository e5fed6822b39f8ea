/**
 * The guest's end of the line: file descriptor 3. Frames are collected per turn of the event loop and
 * written in one call; what must not be lost when user code never gives control back (a log, a send, the
 * end of a step that another follows) is written at once.
 *
 * Invariant: writing is synchronous, so a frame handed to `sendNow` has left this process when it returns.
 * The line is also the guest's life: when the server's end closes, the process ends.
 */
import fs from 'node:fs'
import net from 'node:net'
import { DOWN_FRAME_BYTES, FrameReader, FrameWriter } from '../protocol.ts'
import type { UpMessage } from '../protocol.ts'

const LINE_FD = 3
const READ_BYTES = 64 * 1024
/** How long to wait for the server to drain a full line before looking again. */
const FULL_LINE_WAIT_MS = 1

const { writeSync } = fs
const { wait } = Atomics
const { setPrototypeOf } = Reflect
const later = setImmediate
const leave = (process as unknown as { reallyExit(code: number): never }).reallyExit.bind(process)

export type Frame = (kind: number, stream: number, payload: Uint8Array) => void

export type Line = {
  /** Sends with the other frames of this turn. */
  send(message: UpMessage, tail?: Uint8Array): void
  /** Sends before it returns, after all that was sent so far. */
  sendNow(message: UpMessage, tail?: Uint8Array): void
  frame(kind: number, stream: number, payload?: Uint8Array): void
  json(kind: number, stream: number, value: object): void
  number(kind: number, stream: number, value: number): void
  /** Calls back once before the frames of this turn are written, when `done` runs left none active. */
  onTurn(callback: () => void): void
}

/** Opens the line. `onFrame` gets every frame of the server; payloads are valid only during the call. */
export function openLine(onFrame: Frame): Line {
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  const writer = new FrameWriter((bytes) => writeAll(bytes, sleeper))
  const reader = new FrameReader(DOWN_FRAME_BYTES)
  let scheduled = false
  let beforeFlush: (() => void) | null = null

  const flushLater = (): void => {
    if (scheduled) return
    scheduled = true
    later(() => {
      scheduled = false
      const callback = beforeFlush
      beforeFlush = null
      callback?.()
      writer.flush()
    })
  }

  // One buffer for all reads: Node would take a new one of 64 KiB for each, and its collector the time.
  const onread = {
    buffer: new Uint8Array(READ_BYTES),
    callback: (length: number, buffer: Uint8Array): boolean => {
      reader.read(buffer.subarray(0, length), onFrame)
      return true
    },
  }
  const socket = new net.Socket({ fd: LINE_FD, readable: true, writable: false, onread })
  socket.on('error', () => leave(1))
  socket.on('close', () => leave(0))

  return {
    send(message, tail) {
      writer.message(bare(message), tail)
      flushLater()
    },
    sendNow(message, tail) {
      writer.message(bare(message), tail)
      writer.flush()
    },
    frame(kind, stream, payload) {
      writer.frame(kind, stream, payload)
      flushLater()
    },
    json(kind, stream, value) {
      writer.json(kind, stream, bare(value))
      flushLater()
    },
    number(kind, stream, value) {
      writer.number(kind, stream, value)
      flushLater()
    },
    onTurn(callback) {
      beforeFlush = callback
      flushLater()
    },
  }
}

/** Takes the prototype off a value and what it holds, so that no polluted `toJSON` is ever called on it. */
function bare<Value extends object>(value: Value): Value {
  setPrototypeOf(value, null)
  for (const key in value) {
    const inner = value[key]
    if (typeof inner === 'object' && inner !== null) bare(inner)
  }
  return value
}

function writeAll(bytes: Uint8Array, sleeper: Int32Array): void {
  let at = 0
  while (at < bytes.length) {
    try {
      at += writeSync(LINE_FD, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') leave(1)
      wait(sleeper, 0, 0, FULL_LINE_WAIT_MS)
    }
  }
}
