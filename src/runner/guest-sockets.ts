/**
 * The server's ends of the sockets that user code opened: each stream of the line is joined to a socket
 * that the tunnel connected. Back-pressure is by credit, both ways: neither side sends more than the other
 * said it has room for, so a slow peer holds up its own stream and nothing else.
 *
 * Invariant: a run has at most 64 sockets, and they are gone when the run is.
 */
import type { Socket } from 'node:net'
import { ProtocolError, STREAM_WINDOW, frameKind, readJson, readNumber } from './protocol.ts'
import type { CloseReason, FrameWriter, OpenedAddress } from './protocol.ts'
import type { Tunnel } from './runner.ts'
import { count, nonce, text } from './up-message.ts'

export const SOCKETS_PER_RUN = 64
const HOST_LENGTH = 255
const MESSAGE_LENGTH = 500

type Stream = {
  readonly id: number
  run: string
  readonly abort: AbortController
  socket: Socket | null
  /** What the guest may still send, and what it has room for. */
  mayReceive: number
  maySend: number
  /** Data of the socket that the guest had no room for, and what is to be said once it has gone. */
  held: Uint8Array | null
  behindHeld: (() => void)[]
  guestEnded: boolean
}

type Deps = {
  readonly tunnel: Tunnel
  readonly writer: FrameWriter
  readonly flush: () => void
  readonly hasRun: (nonce: string) => boolean
}

export class GuestSockets {
  readonly #deps: Deps
  readonly #streams = new Map<number, Stream>()
  #lastId = 0

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Takes one frame of the guest. Throws a ProtocolError. */
  receive(kind: number, id: number, payload: Uint8Array): void {
    if (kind === frameKind.open) return this.#open(id, payload)
    const stream = this.#streams.get(id)
    if (!stream) {
      // What was under way when this side closed the stream is of no interest any more.
      if (id === 0 || id > this.#lastId) throw new ProtocolError('a stream that was never opened')
      return
    }
    switch (kind) {
      case frameKind.data:
        return this.#receiveData(stream, payload)
      case frameKind.end:
        stream.guestEnded = true
        stream.socket?.end()
        return
      case frameKind.close:
        return this.#drop(stream)
      case frameKind.owner:
        stream.run = this.#runIn(payload)
        return
      case frameKind.credit:
        stream.maySend += readNumber(payload)
        if (stream.maySend > STREAM_WINDOW) throw new ProtocolError('more credit than there is')
        return this.#resume(stream)
      default:
        throw new ProtocolError('a frame of unknown kind')
    }
  }

  closeRun(run: string): void {
    for (const stream of this.#streams.values()) if (stream.run === run) this.#drop(stream)
  }

  closeAll(): void {
    for (const stream of this.#streams.values()) this.#drop(stream)
  }

  #open(id: number, payload: Uint8Array): void {
    const head = readJson(payload)
    if (typeof head !== 'object' || head === null)
      throw new ProtocolError('an open without a target')
    const request = head as Readonly<Record<string, unknown>>
    const run = nonce(request)
    const target = { host: text(request, 'host', HOST_LENGTH), port: count(request, 'port') }
    if (id <= this.#lastId) throw new ProtocolError('a stream number that was used before')
    if (!this.#deps.hasRun(run)) throw new ProtocolError('a stream of a run that is not running')
    this.#lastId = id
    const stream: Stream = {
      id,
      run,
      abort: new AbortController(),
      socket: null,
      mayReceive: STREAM_WINDOW,
      maySend: STREAM_WINDOW,
      held: null,
      behindHeld: [],
      guestEnded: false,
    }
    const open = [...this.#streams.values()].filter((other) => other.run === run).length
    this.#streams.set(id, stream)
    if (open >= SOCKETS_PER_RUN) {
      const message = `Cannot connect: a run may have ${SOCKETS_PER_RUN} sockets open at a time`
      return this.#close(stream, Object.assign(new Error(message), { code: 'EMFILE' }))
    }
    void this.#dial(stream, target)
  }

  #runIn(payload: Uint8Array): string {
    const run = nonce(readHead(payload))
    if (!this.#deps.hasRun(run)) throw new ProtocolError('a stream of a run that is not running')
    return run
  }

  async #dial(stream: Stream, target: { host: string; port: number }): Promise<void> {
    let socket: Socket
    try {
      socket = await this.#deps.tunnel(target, stream.abort.signal)
    } catch (error) {
      return this.#close(stream, error)
    }
    if (!this.#streams.has(stream.id)) {
      socket.destroy()
      return
    }
    this.#join(stream, socket)
  }

  #join(stream: Stream, socket: Socket): void {
    stream.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Uint8Array) => this.#sendData(stream, chunk))
    socket.on('end', () => behindHeld(stream, () => this.#frame(frameKind.end, stream.id)))
    socket.on('error', (error) => this.#close(stream, error))
    socket.on('close', () => behindHeld(stream, () => this.#close(stream, null)))
    const { remoteAddress = '', remotePort = 0, remoteFamily = '' } = socket
    const peer = { address: remoteAddress, port: remotePort, family: remoteFamily }
    this.#deps.writer.json(frameKind.opened, stream.id, peer satisfies OpenedAddress)
    this.#deps.flush()
    if (stream.guestEnded) socket.end()
  }

  #receiveData(stream: Stream, payload: Uint8Array): void {
    stream.mayReceive -= payload.length
    if (stream.mayReceive < 0) throw new ProtocolError('more data than there was credit for')
    if (!stream.socket) throw new ProtocolError('data before the stream was connected')
    if (stream.socket.destroyed || stream.guestEnded) return
    const { length } = payload
    // The payload is only lent; the socket may keep what it is given for a while.
    stream.socket.write(payload.slice(), () => {
      stream.mayReceive += length
      if (!this.#streams.has(stream.id)) return
      this.#deps.writer.number(frameKind.credit, stream.id, length)
      this.#deps.flush()
    })
  }

  #sendData(stream: Stream, chunk: Uint8Array): void {
    const fits = chunk.subarray(0, stream.maySend)
    stream.maySend -= fits.length
    if (fits.length > 0) this.#frame(frameKind.data, stream.id, fits)
    if (fits.length === chunk.length) return
    stream.held = chunk.subarray(fits.length)
    stream.socket!.pause()
  }

  #resume(stream: Stream): void {
    if (!stream.held) return
    const chunk = stream.held
    stream.held = null
    this.#sendData(stream, chunk)
    if (stream.held) return
    for (const say of stream.behindHeld.splice(0)) say()
    stream.socket!.resume()
  }

  /** Ends a stream from this side and tells the guest why, if it is an error. */
  #close(stream: Stream, error: unknown): void {
    if (!this.#streams.has(stream.id)) return
    if (error === null) this.#frame(frameKind.close, stream.id)
    else {
      this.#deps.writer.json(frameKind.close, stream.id, reasonOf(error))
      this.#deps.flush()
    }
    this.#drop(stream)
  }

  #drop(stream: Stream): void {
    this.#streams.delete(stream.id)
    stream.abort.abort()
    stream.socket?.destroy()
  }

  #frame(kind: number, id: number, payload?: Uint8Array): void {
    if (!this.#streams.has(id)) return
    this.#deps.writer.frame(kind, id, payload)
    this.#deps.flush()
  }
}

/** A paused socket still tells of its end, which must not overtake what the guest had no room for. */
function behindHeld(stream: Stream, say: () => void): void {
  if (stream.held) stream.behindHeld.push(say)
  else say()
}

function readHead(payload: Uint8Array): Readonly<Record<string, unknown>> {
  const head = readJson(payload)
  if (typeof head !== 'object' || head === null) throw new ProtocolError('a stream without a head')
  return head as Record<string, unknown>
}

function reasonOf(error: unknown): CloseReason {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return {
    code: typeof code === 'string' ? code : 'ECONNRESET',
    message: (typeof message === 'string' ? message : 'The connection failed').slice(
      0,
      MESSAGE_LENGTH,
    ),
  }
}
