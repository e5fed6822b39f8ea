/**
 * A guest as the operating system sees it: the child process, its line in frames, its raw output, its
 * memory, its end. What the frames mean is the business of guest-process.ts.
 *
 * Frames that are sent within one turn of the event loop leave in one write. After the first breach of
 * the protocol nothing is read any more.
 */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Isolation } from './isolation.ts'
import { killGroup, launchProcess } from './launch.ts'
import { FrameReader, FrameWriter, ProtocolError, UP_FRAME_BYTES } from './protocol.ts'

export type ChildEvents = {
  frame(kind: number, stream: number, payload: Uint8Array): void
  /** The guest broke the protocol; nothing more is read of it. */
  breach(because: string): void
  /** The line had no room and has some again. */
  drained(): void
  /** The guest wrote more raw output than anybody will read. */
  flood(): void
  /** The process is gone and all that it sent has been read. Called once. */
  gone(how: ChildEnd): void
}

export type ChildEnd = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of what it wrote to its standard output and error, around the captured streams. */
  readonly output: string
}

/** Bytes of raw output kept for the reason of a crash, and taken at all. */
const OUTPUT_TAIL = 2_048
const OUTPUT_BYTES = 16 * 1024 * 1024
/** What may wait for a guest that does not read before nothing more is read for it. */
const LINE_BYTES = 256 * 1024
/** How long after a process has ended its pipes may still be open. */
const LEFT_OPEN_MS = 1_000
const PAGE_BYTES = 4_096
/** Linux counts CPU time in hundredths of a second, on every machine. */
const CPU_TICK_MS = 10
const MIB = 1024 * 1024

/** What a process holds and has spent. */
export type Usage = { readonly residentMb: number; readonly cpuMs: number }
const UNKNOWN: Usage = { residentMb: 0, cpuMs: 0 }

export class GuestChild {
  readonly writer: FrameWriter
  readonly #isolation: Isolation
  readonly #child: ChildProcess
  readonly #line: Socket
  #guestPid: number | null = null
  readonly #events: ChildEvents
  #output = ''
  #outputBytes = 0
  #isFlushing = false
  #isDeaf = false
  #isGone = false

  /** Throws when the system has no place for another process. */
  constructor(
    isolation: Isolation,
    memoryMb: number,
    packages: string | null,
    events: ChildEvents,
  ) {
    this.#events = events
    this.#isolation = isolation
    this.#child = launchProcess(isolation.launch(memoryMb, packages), isolation.guestCode)
    this.#child.on('error', () => this.#gone(null, null))
    this.#child.on('close', (code, signal) => this.#gone(code, signal))
    this.#child.on('exit', () => this.#letGo())
    const line = this.#child.stdio[3] as Socket
    this.#line = line
    this.writer = new FrameWriter((bytes) => line.write(bytes))
    line.on('drain', () => events.drained())
    this.#read(line)
    for (const output of [this.#child.stdout!, this.#child.stderr!]) this.#drain(output)
  }

  /** Sends what was written, with all else that is written in this turn. */
  flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    process.nextTick(() => {
      this.#isFlushing = false
      this.writer.flush()
    })
  }

  /**
   * Kills the process and whatever it might have started. A guest in a sandbox has left the group, and ends
   * with the sandbox only from a point of its start on: so it is killed by name too, while it has one.
   */
  kill(): void {
    killGroup(this.#child, (pid) => this.#isolation.guestPid(pid))
  }

  /** Whether so much waits to be read by the guest that nothing should be added; `drained` follows. */
  get isFull(): boolean {
    return this.#line.writableLength >= LINE_BYTES
  }

  /** Memory and CPU time of the process, threads and all; zeros where the platform does not say. */
  usage(): Usage {
    if (process.platform !== 'linux' || this.#child.pid === undefined) return UNKNOWN
    this.#guestPid ??= this.#isolation.guestPid(this.#child.pid)
    if (this.#guestPid === null) return UNKNOWN
    try {
      const stat = readFileSync(`/proc/${this.#guestPid}/stat`, 'latin1')
      // The name in parentheses may hold anything; what follows is the third field and the ones behind it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const [user, system, pages] = [fields[11], fields[12], fields[21]].map(Number)
      return {
        residentMb: (pages! * PAGE_BYTES) / MIB,
        cpuMs: (user! + system!) * CPU_TICK_MS,
      }
    } catch {
      return UNKNOWN // It has just ended: `gone` says the rest.
    }
  }

  #read(line: Socket): void {
    const reader = new FrameReader(UP_FRAME_BYTES)
    const onFrame: ChildEvents['frame'] = (kind, stream, payload) => {
      if (!this.#isDeaf) this.#events.frame(kind, stream, payload)
    }
    line.on('data', (chunk: Uint8Array) => {
      if (this.#isDeaf) return
      try {
        reader.read(chunk, onFrame)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        this.#isDeaf = true
        this.#events.breach(error.message)
      }
    })
    // A line that breaks is a process that ends: `close` follows and says how.
    line.on('error', () => {})
  }

  #drain(output: Readable): void {
    output.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString('latin1')).slice(-OUTPUT_TAIL)
      this.#outputBytes += chunk.length
      if (this.#outputBytes > OUTPUT_BYTES) this.#events.flood()
    })
  }

  /**
   * What was launched has ended. A sandbox that it was killed over may outlive it, and would hold our ends
   * of the pipes for good: once what was sent has been read, they are closed, and with its line it ends.
   */
  #letGo(): void {
    const late = setTimeout(() => {
      for (const pipe of this.#child.stdio) pipe?.destroy()
    }, LEFT_OPEN_MS)
    this.#child.once('close', () => clearTimeout(late))
  }

  #gone(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isGone) return
    this.#isGone = this.#isDeaf = true
    this.#events.gone({ code, signal, output: this.#output })
  }
}
