/**
 * The server's ends of the sockets that user code opened: each stream of the line is joined to a socket
 * that the tunnel connected. Back-pressure is by credit, both ways: neither side sends more than the other
 * said it has room for, so a slow peer holds up its own stream and nothing else.
 *
 * What waits here is bounded whatever guest and peer do: towards the guest by a line that takes no more
 * when it is full, towards the peers by windows that only grow for a peer that keeps up, out of one room
 * that all processes share (tunnel-room.ts).
 *
 * Invariant: a run has at most 64 sockets, and they are gone when the run is.
 */
import type { Socket } from 'node:net'
import { limits } from '../model/limits.ts'
import { FIRST_WINDOW, ProtocolError, STREAM_WINDOW, frameKind } from './protocol.ts'
import { readJson, readNumber } from './protocol.ts'
import type { CloseReason, FrameWriter, OpenedAddress } from './protocol.ts'
import type { Tunnel } from './runner.ts'
import type { TunnelRoom } from './tunnel-room.ts'
import { count, nonce, text } from './up-message.ts'

const HOST_LENGTH = 255
const MESSAGE_LENGTH = 500
/** More than can be under way, written byte by byte, to a stream that this side has just closed. */
const USELESS_FRAMES = STREAM_WINDOW + 50_000
/** A stream changes hands a few times at most, and saying so takes JSON. */
const OWNER_COST = 50

type Stream = {
  readonly id: number
  run: string
  readonly abort: AbortController
  readonly hasPlace: boolean
  socket: Socket | null
  /** What the guest may have under way, what it may still send of that, and what is to be granted anew. */
  window: number
  mayReceive: number
  owed: number
  /** What the guest has room for. */
  maySend: number
  /** Data of the socket that there was no room for, and what is to be said once it has gone. */
  held: Uint8Array | null
  behindHeld: (() => void)[]
  guestEnded: boolean
}

/** What a run has had of the network. */
type Use = { sockets: number; connections: number; bytes: number }

type Deps = {
  readonly tunnel: Tunnel
  readonly writer: FrameWriter
  readonly flush: () => void
  /** Whether the line holds so much that nothing should be added; `drained` is called when it does not. */
  readonly isFull: () => boolean
  readonly hasRun: (nonce: string) => boolean
  readonly room: TunnelRoom
  readonly bytesPerRun: number
}

export class GuestSockets {
  readonly #deps: Deps
  readonly #streams = new Map<number, Stream>()
  readonly #uses = new Map<string, Use>()
  #lastId = 0
  /** Frames that changed nothing, since a run last ended. */
  #useless = 0
  #isHalted = false

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
      return this.#ofNoUse()
    }
    switch (kind) {
      case frameKind.data:
        if (payload.length === 0) this.#ofNoUse()
        return this.#receiveData(stream, payload)
      case frameKind.end:
        if (stream.guestEnded) this.#ofNoUse()
        stream.guestEnded = true
        stream.socket?.end()
        return
      case frameKind.close:
        return this.#drop(stream)
      case frameKind.owner:
        this.#ofNoUse(OWNER_COST)
        return this.#passOn(stream, this.#runIn(payload))
      case frameKind.credit:
        if (readNumber(payload) === 0) this.#ofNoUse()
        stream.maySend += readNumber(payload)
        if (stream.maySend > STREAM_WINDOW) throw new ProtocolError('more credit than there is')
        return this.#resume(stream)
      default:
        throw new ProtocolError('a frame of unknown kind')
    }
  }

  /** The line takes more again: so may the sockets, each in its turn. */
  drained(): void {
    if (!this.#isHalted) return
    this.#isHalted = false
    for (const stream of Array.from(this.#streams.values())) {
      if (!stream.held) stream.socket?.resume()
      else {
        this.#streams.delete(stream.id)
        this.#streams.set(stream.id, stream)
        this.#resume(stream)
      }
      if (this.#isHalted) return
    }
  }

  closeRun(run: string): void {
    for (const stream of this.#streams.values()) if (stream.run === run) this.#drop(stream)
    this.#uses.delete(run)
    this.#useless = 0
  }

  closeAll(): void {
    for (const stream of this.#streams.values()) this.#drop(stream)
  }

  /** Whatever else a frame does is paid for in bytes, credit or connections; these would cost only the server. */
  #ofNoUse(cost = 1): void {
    this.#useless += cost
    if (this.#useless > USELESS_FRAMES) throw new ProtocolError('more frames than are of use')
  }

  #open(id: number, payload: Uint8Array): void {
    const request = readHead(payload)
    const run = this.#runIn(payload)
    const target = { host: text(request, 'host', HOST_LENGTH), port: count(request, 'port') }
    if (id <= this.#lastId) throw new ProtocolError('a stream number that was used before')
    this.#lastId = id
    const use = this.#useOf(run)
    // The guest refuses these by itself: without a bound here, refusals alone would fill the line.
    if (++use.connections > limits.runConnections)
      throw new ProtocolError('more connections than a run may open')
    const stream: Stream = {
      id,
      run,
      abort: new AbortController(),
      hasPlace: this.#deps.room.takeSocket(),
      socket: null,
      window: FIRST_WINDOW,
      mayReceive: FIRST_WINDOW,
      owed: 0,
      maySend: FIRST_WINDOW,
      held: null,
      behindHeld: [],
      guestEnded: false,
    }
    this.#streams.set(id, stream)
    use.sockets++
    const refusal = this.#refusalOf(stream, use)
    if (refusal) this.#close(stream, refusal)
    else void this.#dial(stream, target)
  }

  #refusalOf(stream: Stream, use: Use): CloseReason | null {
    if (use.bytes > this.#deps.bytesPerRun) return this.#usedUp()
    if (use.sockets > limits.runSockets) return { code: 'EMFILE', message: TOO_MANY_SOCKETS }
    return stream.hasPlace ? null : { code: 'EMFILE', message: NO_PLACE }
  }

  #usedUp(): CloseReason {
    return { code: 'ELIMIT', message: usedUp(this.#deps.bytesPerRun), endsRun: true }
  }

  #useOf(run: string): Use {
    let use = this.#uses.get(run)
    if (!use) this.#uses.set(run, (use = { sockets: 0, connections: 0, bytes: 0 }))
    return use
  }

  #runIn(payload: Uint8Array): string {
    const run = nonce(readHead(payload))
    if (!this.#deps.hasRun(run)) throw new ProtocolError('a stream of a run that is not running')
    return run
  }

  #passOn(stream: Stream, run: string): void {
    this.#useOf(stream.run).sockets--
    this.#useOf(run).sockets++
    stream.run = run
  }

  async #dial(stream: Stream, target: { host: string; port: number }): Promise<void> {
    let socket: Socket
    try {
      socket = await this.#deps.tunnel(target, stream.abort.signal)
    } catch (error) {
      return this.#close(stream, reasonOf(error))
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
    socket.on('error', (error) => this.#close(stream, reasonOf(error)))
    socket.on('close', () => behindHeld(stream, () => this.#close(stream, null)))
    if (this.#isHalted) socket.pause()
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
    if (!this.#count(stream, payload.length)) return
    const { length } = payload
    // The payload is only lent; the socket may keep what it is given for a while.
    stream.socket.write(payload.slice(), () => this.#grant(stream, length))
  }

  /** The peer took so much: the guest may send as much again, and more if it had most of a window taken. */
  #grant(stream: Stream, bytes: number): void {
    if (!this.#streams.has(stream.id)) return
    stream.owed += bytes
    if (stream.owed < stream.window / 4) return
    const wider = Math.min(stream.window, STREAM_WINDOW - stream.window)
    if (wider > 0 && this.#deps.room.takeBytes(wider)) {
      stream.window += wider
      stream.owed += wider
    }
    stream.mayReceive += stream.owed
    this.#deps.writer.number(frameKind.credit, stream.id, stream.owed)
    this.#deps.flush()
    stream.owed = 0
  }

  #sendData(stream: Stream, chunk: Uint8Array): void {
    const fits = chunk.subarray(0, this.#deps.isFull() ? 0 : stream.maySend)
    stream.maySend -= fits.length
    if (fits.length > 0) {
      if (!this.#count(stream, fits.length)) return
      this.#frame(frameKind.data, stream.id, fits)
    }
    if (this.#deps.isFull()) this.#halt()
    if (fits.length === chunk.length) return
    stream.held = chunk.subarray(fits.length)
    stream.socket!.pause()
  }

  /** The guest does not read, or not fast enough: nothing more is read for it. */
  #halt(): void {
    if (this.#isHalted) return
    this.#isHalted = true
    for (const { socket } of this.#streams.values()) socket?.pause()
  }

  #resume(stream: Stream): void {
    if (!stream.held || this.#isHalted) return
    const chunk = stream.held
    stream.held = null
    this.#sendData(stream, chunk)
    if (stream.held) return
    for (const say of stream.behindHeld.splice(0)) say()
    if (!this.#isHalted) stream.socket?.resume()
  }

  /** Counts data of either direction. False when it was too much: the run's connections are then gone. */
  #count({ run }: Stream, bytes: number): boolean {
    const use = this.#useOf(run)
    use.bytes += bytes
    if (use.bytes <= this.#deps.bytesPerRun) return true
    for (const stream of this.#streams.values())
      if (stream.run === run) this.#close(stream, this.#usedUp())
    return false
  }

  /** Ends a stream from this side and tells the guest why, if there is a reason. */
  #close(stream: Stream, reason: CloseReason | null): void {
    if (!this.#streams.has(stream.id)) return
    if (reason === null) this.#frame(frameKind.close, stream.id)
    else {
      this.#deps.writer.json(frameKind.close, stream.id, reason)
      this.#deps.flush()
    }
    this.#drop(stream)
  }

  #drop(stream: Stream): void {
    this.#streams.delete(stream.id)
    this.#useOf(stream.run).sockets--
    if (stream.hasPlace) this.#deps.room.giveSocket()
    this.#deps.room.giveBytes(stream.window - FIRST_WINDOW)
    stream.abort.abort()
    stream.held = null
    stream.socket?.destroy()
  }

  #frame(kind: number, id: number, payload?: Uint8Array): void {
    if (!this.#streams.has(id)) return
    this.#deps.writer.frame(kind, id, payload)
    this.#deps.flush()
  }
}

const TOO_MANY_SOCKETS = `Cannot connect: a run may have ${limits.runSockets} sockets open at a time`
const NO_PLACE = `Cannot connect: the runs of this server have as many connections open as they may (${limits.tunnelSockets} in all), try again later`

const usedUp = (bytes: number): string =>
  `Cannot use the network: a run may move ${bytes / 1024 / 1024} MiB over its connections`

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
