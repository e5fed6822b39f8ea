/**
 * The tunnelled network: `net.Socket.prototype.connect` opens a stream of the line instead of a socket of
 * the system, and so do all who build on it: net, http, https, http2, tls, fetch, WebSocket, undici and
 * every package over them. The server resolves the name, judges the address and dials.
 *
 * This only grants. What is denied is denied by the permission flags: taking these patches off yields no
 * network rather than more. TLS runs in here, over the stream, so certificates are verified in here.
 *
 * A socket belongs to the run that last wrote to it (a kept-alive one may serve several), and goes with it.
 */
import { Buffer } from 'node:buffer'
import net from 'node:net'
import tls from 'node:tls'
import { syncBuiltinESMExports } from 'node:module'
import { limits } from '../../model/limits.ts'
import { FIRST_WINDOW, STREAM_WINDOW, frameKind, readJson, readNumber } from '../protocol.ts'
import type { CloseReason, OpenedAddress, OpenRequest } from '../protocol.ts'
import type { Line } from './line.ts'
import { currentStep, withinStep } from './run-state.ts'
import type { StepState } from './run-state.ts'

export type Network = {
  /** Takes a frame of one of the streams. The payload is only lent. */
  receive(kind: number, stream: number, payload: Uint8Array): void
}

/** The members of `net.Socket` that its types leave out. All of them are called by Node's own streams. */
type Socket = Omit<net.Socket, 'connecting'> & {
  connecting: boolean
  _handle: unknown
  _host: string | null
  _peername: object
  _unrefTimer(): void
  _writeGeneric(many: boolean, data: unknown, encoding: BufferEncoding, done: Done): void
}
type Done = (error?: Error | null) => void

type Stream = {
  readonly id: number
  readonly socket: Socket
  /** Whose code its events run in. */
  step: StepState
  /** What the server has room for, and what waits for it. */
  maySend: number
  waiting: { bytes: Uint8Array; readonly done: Done } | null
  /** Read by nobody yet, and read but not yet granted anew. */
  unread: number
  owed: number
  /** What the server may have under way. */
  window: number
  hasEnded: boolean
}

type Originals = {
  readonly [
    Name in 'connect' | '_read' | '_final' | '_destroy' | '_writeGeneric' | 'ref' | 'unref'
  ]: (this: unknown, ...args: unknown[]) => unknown
}

const original: Originals = { ...(net.Socket.prototype as unknown as Originals) }
const connectTls = tls.connect
const least = Math.min

/**
 * Puts the tunnel in place of the system's sockets. `onThrown` hears what a listener of user code throws: it
 * is its step's, and must not end the reading of the line in the middle of what came for others.
 */
export function installNetwork(
  line: Line,
  onThrown: (step: StepState, thrown: unknown) => void,
): Network {
  const streams = new Map<number, Stream>()
  const streamOf = new WeakMap<Socket, Stream>()
  patchConnect(line, streams, streamOf)
  patchTransfer(line, streamOf)
  patchEnd(line, streams, streamOf)
  patchTls()
  syncBuiltinESMExports()
  return {
    receive(kind, id, payload) {
      const stream = streams.get(id)
      if (!stream) return
      const { step } = stream
      try {
        withinStep(step, () => receive(line, stream, kind, payload))
      } catch (thrown) {
        onThrown(step, thrown)
      }
    },
  }
}

const { prototype } = net.Socket

function patchConnect(
  line: Line,
  streams: Map<number, Stream>,
  streamOf: WeakMap<Socket, Stream>,
): void {
  let lastId = 0
  Object.assign(prototype, {
    connect(this: Socket, ...args: unknown[]): unknown {
      const { host, port, isOther, callback } = targetOf(args)
      if (isOther || this._handle || this instanceof tls.TLSSocket)
        return original.connect.apply(this, args)
      if (callback) this.once('connect', callback as () => void)
      this.connecting = true
      this._host = host
      const step = currentStep()
      if (!step || step.run.over) {
        process.nextTick(() => this.destroy(failure('ECONNABORTED', ENDED)))
        return this
      }
      const { run } = step
      if (++run.connections > limits.runConnections) {
        process.nextTick(() => endRun(step, this, failure('ELIMIT', TOO_MANY)))
        return this
      }
      const stream = createStream(++lastId, this, step)
      streams.set(stream.id, stream)
      streamOf.set(this, stream)
      run.sockets.add(this)
      const request: OpenRequest = { run: run.nonce, host, port }
      line.json(frameKind.open, stream.id, request)
      return this
    },
  })
}

function patchTransfer(line: Line, streamOf: WeakMap<Socket, Stream>): void {
  Object.assign(prototype, {
    _writeGeneric(
      this: Socket,
      many: boolean,
      data: unknown,
      encoding: BufferEncoding,
      done: Done,
    ): unknown {
      const stream = streamOf.get(this)
      if (!stream || this.connecting)
        return original._writeGeneric.call(this, many, data, encoding, done)
      adopt(line, stream)
      const bytes = many ? joined(data as Chunk[]) : bytesOf(data as string | Uint8Array, encoding)
      this._unrefTimer()
      stream.waiting = { bytes, done }
      return sendWaiting(line, stream)
    },

    _read(this: Socket, size: number): unknown {
      const stream = streamOf.get(this)
      if (!stream || this.connecting) return original._read.call(this, size)
      const { unread } = stream
      stream.unread = 0
      return grant(line, stream, unread)
    },
  })
}

function patchEnd(
  line: Line,
  streams: Map<number, Stream>,
  streamOf: WeakMap<Socket, Stream>,
): void {
  Object.assign(prototype, {
    _final(this: Socket, done: Done): unknown {
      const stream = streamOf.get(this)
      if (!stream || this.connecting) return original._final.call(this, done)
      line.frame(frameKind.end, stream.id)
      return done()
    },

    // A stream of the line keeps no process alive, and has no handle that could say otherwise.
    ref(this: Socket): unknown {
      return streamOf.has(this) ? this : original.ref.call(this)
    },

    unref(this: Socket): unknown {
      return streamOf.has(this) ? this : original.unref.call(this)
    },

    _destroy(this: Socket, error: Error | null, done: Done) {
      const stream = streamOf.get(this)
      if (stream && streams.delete(stream.id)) {
        streamOf.delete(this)
        stream.step.run.sockets.delete(this)
        line.frame(frameKind.close, stream.id)
        stream.waiting?.done(error ?? failure('ECONNRESET', 'The socket was closed'))
        stream.waiting = null
      }
      original._destroy.call(this, error, done)
    },
  })
}

const ENDED = 'Cannot connect: the run has ended'
const TOO_MANY = `Cannot connect: a run may open ${limits.runConnections.toLocaleString('en')} connections in all`

/** What a run may have of the network is used up: it ends with that, whatever its code makes of the error. */
function endRun({ run }: StepState, socket: Socket, error: Error): void {
  run.interrupt?.(error)
  socket.destroy(error)
}

/** tls.connect dials by itself unless it is given a socket: give it a tunnelled one. */
function patchTls(): void {
  const connect = (...args: unknown[]): tls.TLSSocket => {
    const { options, callback } = tlsArguments(args)
    if (options.socket || options.path) return connectTls(options, callback)
    const socket = new net.Socket()
    const secured = connectTls({ ...options, socket }, callback)
    socket.connect({ host: options.host || 'localhost', port: Number(options.port) })
    if (options.timeout) secured.setTimeout(options.timeout)
    return secured
  }
  Object.assign(tls, { connect })
}

function receive(line: Line, stream: Stream, kind: number, payload: Uint8Array): void {
  const { socket } = stream
  switch (kind) {
    case frameKind.opened: {
      const { address, port, family } = readJson(payload) as OpenedAddress
      socket._peername = { address, port, family }
      socket.connecting = false
      socket._unrefTimer()
      socket.emit('connect')
      socket.emit('ready')
      if (!socket.isPaused()) socket.read(0)
      return
    }
    case frameKind.data:
      socket._unrefTimer()
      if (socket.push(Buffer.from(payload))) grant(line, stream, payload.length)
      else stream.unread += payload.length
      return
    case frameKind.end:
      return endReading(stream)
    case frameKind.close:
      if (payload.length > 0) {
        const { code, message, endsRun } = readJson(payload) as CloseReason
        if (endsRun) endRun(stream.step, socket, failure(code, message))
        else socket.destroy(failure(code, message))
      } else closeAfterReading(stream)
      return
    case frameKind.credit:
      stream.maySend += readNumber(payload)
      if (stream.waiting) sendWaiting(line, stream)
  }
}

function endReading(stream: Stream): void {
  if (stream.hasEnded) return
  stream.hasEnded = true
  stream.socket.push(null)
  stream.socket.read(0)
}

/** What has arrived is still read before the socket goes. */
function closeAfterReading(stream: Stream): void {
  const { socket } = stream
  endReading(stream)
  if (socket.readableEnded) socket.destroy()
  else socket.once('end', () => socket.destroy())
}

function sendWaiting(line: Line, stream: Stream): void {
  const { bytes, done } = stream.waiting!
  const fits = bytes.subarray(0, stream.maySend)
  stream.maySend -= fits.length
  if (fits.length > 0) line.frame(frameKind.data, stream.id, fits)
  if (fits.length < bytes.length) {
    stream.waiting!.bytes = bytes.subarray(fits.length)
    return
  }
  stream.waiting = null
  done()
}

/** Tells the server that there is room again, in large portions, and ever more for a reader that keeps up. */
function grant(line: Line, stream: Stream, bytes: number): void {
  stream.owed += bytes
  if (stream.owed < stream.window / 4) return
  const wider = least(stream.window, STREAM_WINDOW - stream.window)
  stream.window += wider
  stream.owed += wider
  line.number(frameKind.credit, stream.id, stream.owed)
  stream.owed = 0
}

/** A run that writes to a socket takes it over, so that it does not go with the one that opened it. */
function adopt(line: Line, stream: Stream): void {
  const step = currentStep()
  if (!step || step === stream.step || step.run.over) return
  const { run } = stream.step
  stream.step = step
  if (step.run === run) return
  run.sockets.delete(stream.socket)
  step.run.sockets.add(stream.socket)
  line.json(frameKind.owner, stream.id, { run: step.run.nonce })
}

const createStream = (id: number, socket: Socket, step: StepState): Stream => ({
  id,
  socket,
  step,
  maySend: FIRST_WINDOW,
  waiting: null,
  unread: 0,
  owed: 0,
  window: FIRST_WINDOW,
  hasEnded: false,
})

type Chunk = { readonly chunk: string | Uint8Array; readonly encoding: BufferEncoding }

const bytesOf = (data: string | Uint8Array, encoding: BufferEncoding): Uint8Array =>
  typeof data === 'string' ? Buffer.from(data, encoding) : data

const joined = (chunks: readonly Chunk[]): Uint8Array =>
  Buffer.concat(chunks.map(({ chunk, encoding }) => bytesOf(chunk, encoding)))

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

type Target = {
  readonly host: string
  readonly port: number
  /** Not TCP: left to the system, which denies it. */
  readonly isOther: boolean
  readonly callback: unknown
}

/** Reads the arguments of `connect`: (options, callback?), (port, host?, callback?), or both in an array. */
function targetOf(args: readonly unknown[]): Target {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args
  const last = Array.isArray(args[0]) ? second : args.at(-1)
  const callback = typeof last === 'function' ? last : null
  if (typeof first === 'object' && first !== null) {
    const { host, port, path } = first as { host?: unknown; port?: unknown; path?: unknown }
    return { host: hostOf(host), port: Number(port), isOther: Boolean(path), callback }
  }
  const isPort = /^\d+$/.test(String(first))
  return { host: hostOf(second), port: Number(first), isOther: !isPort, callback }
}

const hostOf = (host: unknown): string =>
  typeof host === 'string' && host !== '' ? host : 'localhost'

function tlsArguments(args: readonly unknown[]): {
  options: tls.ConnectionOptions
  callback: (() => void) | undefined
} {
  const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined
  const options: object | undefined = args.find((arg) => typeof arg === 'object' && arg !== null)
  const [port, host] = args
  return {
    callback,
    options: {
      ...(typeof port === 'object' ? {} : { port: Number(port) }),
      ...(typeof host === 'string' ? { host } : {}),
      ...options,
    },
  }
}
