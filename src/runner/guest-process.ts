/**
 * One guest process: launched, given one program, fed runs, watched and killed. It knows its runs and
 * what each has streamed; what to do with the runs of a process that dies is the pool's decision.
 *
 * Invariant: nothing the guest says is believed of a run that is not this process's, and after the first
 * breach of the protocol nothing it says is read at all.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { assertNever } from '../errors.ts'
import { GuestSockets } from './guest-sockets.ts'
import type { Isolation } from './isolation.ts'
import {
  FrameReader,
  FrameWriter,
  LATE_ENTRIES,
  ProtocolError,
  UP_FRAME_BYTES,
  frameKind,
} from './protocol.ts'
import type { DownMessage, LoadedStep, UpMessage } from './protocol.ts'
import type { Ending, RunRecord } from './run-record.ts'
import type { LateReport, Program, RunJob, RunResult, Tunnel } from './runner.ts'
import { readUpMessage } from './up-message.ts'

/** A run on its way through a process. */
export type GuestRun = {
  readonly job: RunJob
  readonly record: RunRecord
  /** Second executions follow a process that died with the first; theirs is the last word. */
  readonly isSecond: boolean
  readonly settle: (result: RunResult) => void
}

export type ProcessEvents = {
  /** The process has booted. */
  ready(process: GuestProcess): void
  /** A run ended by itself and was settled. */
  finished(process: GuestProcess): void
  /** The process is gone; `unfinished` are the runs it took along, `culprit` the one to blame if known. */
  gone(process: GuestProcess, unfinished: readonly GuestRun[], death: Death): void
}

export type Death = { readonly ending: Ending; readonly culprit: GuestRun | null }

type Deps = {
  readonly clock: Clock
  readonly isolation: Isolation
  readonly tunnel: Tunnel
  readonly onLate: (report: LateReport) => void
  readonly nonce: () => string
  readonly events: ProcessEvents
}

type ActiveRun = { readonly run: GuestRun; timer: NodeJS.Timeout | null; heard: boolean }
type OfRun = Extract<UpMessage, { type: 'begun' | 'log' | 'send' | 'skipped' | 'end' | 'done' }>
type EndedRun = Omit<LateReport, 'step' | 'entry'> & {
  readonly program: Program
  lateEntries: number
}

/** A guest that does not answer within this time is held to be busy with code that never gives way. */
const PONG_MS = 100
/** How long what outlived its run may go on in a process that takes no more runs. */
const LINGER_MS = 1_000
const STDERR_TAIL = 2_048
/** Raw output that went around the captured streams; nobody reads more than the tail of it. */
const RAW_OUTPUT_BYTES = 16 * 1024 * 1024
const PAGE_BYTES = 4_096
const MIB = 1024 * 1024
/** What a process may need above its heap: young generation, code, buffers of the line. */
const MEMORY_SLACK_MB = 64

export class GuestProcess {
  readonly memoryMb: number
  readonly startedMs: number
  /** Instant of the last run's end, for eviction; of the launch, before. */
  idleSinceMs: number
  served = 0
  isReady = false
  /** No further run goes here; it is killed once the last one has ended. */
  isRetired = false
  readonly #deps: Deps
  readonly #child: ChildProcess
  readonly #writer: FrameWriter
  readonly #sockets: GuestSockets
  readonly #runs = new Map<string, ActiveRun>()
  readonly #ended = new Map<string, EndedRun>()
  #flushing = false
  #unheard = 0
  #unheardSinceMs = 0
  /** Code of ended runs may still be about, so a run that is alone is not necessarily to blame. */
  #hasLeftovers = false
  #death: Death | null = null
  #isDeaf = false
  #pings = 0
  #isGone = false
  /** What the guest last said is left of ended runs; null while it has runs, or has not said. */
  #left: readonly string[] | null = null
  #lingering: NodeJS.Timeout | null = null
  readonly #pongs = new Map<number, () => void>()
  #stderr = ''
  #rawBytes = 0
  #bootRss = 0

  constructor(deps: Deps, memoryMb: number) {
    this.#deps = deps
    this.memoryMb = memoryMb
    this.startedMs = this.idleSinceMs = deps.clock.monotonicMs()
    this.#child = launch(deps.isolation, memoryMb)
    const line = this.#child.stdio[3] as Socket
    this.#writer = new FrameWriter((bytes) => line.write(bytes))
    this.#sockets = new GuestSockets({
      tunnel: deps.tunnel,
      writer: this.#writer,
      flush: () => this.#flushSoon(),
      hasRun: (nonce) => this.#runs.has(nonce),
    })
    this.#listen(line)
  }

  get active(): number {
    return this.#runs.size
  }

  /** How long the oldest run that was sent here has gone without a sign of life. */
  silentMs(nowMs: number): number {
    return this.#unheard === 0 ? 0 : nowMs - this.#unheardSinceMs
  }

  /** Gives a blank process its program, for life. */
  load(program: Program): void {
    const sources = program.steps.map(({ source }) => Buffer.from(source))
    const steps = program.steps.map(({ name, prefix }, index): LoadedStep => ({
      name,
      prefix,
      length: sources[index]!.length,
    }))
    this.#send({ type: 'load', steps, packages: program.packages }, Buffer.concat(sources))
  }

  start(run: GuestRun): void {
    const nonce = this.#deps.nonce()
    const { job } = run
    this.#left = null
    const active: ActiveRun = { run, timer: null, heard: false }
    this.#runs.set(nonce, active)
    if (this.isReady) this.#startClock(nonce, active)
    if (this.#unheard++ === 0) this.#unheardSinceMs = this.#deps.clock.monotonicMs()
    this.served++
    const { body, ...request } = job.request
    this.#send({ type: 'run', run: nonce, request, context: job.context, env: job.env }, body)
  }

  /**
   * Ends a retired process that has no runs. What they left behind gets a moment first, so that what it
   * logs or throws is still reported.
   */
  leave(): void {
    if (this.active > 0) return
    if (this.#left?.length === 0) return this.kill(BY_SERVER)
    this.#lingering ??= setTimeout(() => this.kill(BY_SERVER), LINGER_MS)
  }

  get isDying(): boolean {
    return this.#death !== null
  }

  get isLingering(): boolean {
    return this.#lingering !== null
  }

  /** Ends the process and all in it. The runs it takes along are reported by `gone`. */
  kill(death: Death): void {
    this.isRetired = true
    if (this.#death) return
    this.#death = death
    if (this.active === 0) this.#reportLeftovers()
    const { pid } = this.#child
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null)
      return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch (error) {
      // Gone between the check and the call.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  /** Kills the process when it holds more memory than its runs may need. Called every 100 ms. */
  checkMemory(): void {
    const rss = this.rssMb()
    if (rss > this.#bootRss + this.memoryMb + MEMORY_SLACK_MB) this.kill(this.#outOfMemory())
  }

  /** Memory above that of a process that has just booted, as a share of what it may have; 0 to 1. */
  memoryShare(): number {
    return (this.rssMb() - this.#bootRss) / this.memoryMb
  }

  /** Resident memory; 0 where the platform does not say. */
  rssMb(): number {
    if (process.platform !== 'linux' || this.#child.pid === undefined) return 0
    try {
      const pages = readFileSync(`/proc/${this.#child.pid}/statm`, 'latin1').split(' ')[1]
      return (Number(pages) * PAGE_BYTES) / MIB
    } catch {
      return 0 // It has just ended: `close` says the rest.
    }
  }

  /** A run's time begins once there is a process to run it: the boot of a cold one is not held against it. */
  #startClock(nonce: string, active: ActiveRun): void {
    active.run.record.begin()
    active.timer = setTimeout(() => this.#timeOut(nonce), active.run.job.timeoutMs)
  }

  #listen(line: Socket): void {
    const reader = new FrameReader(UP_FRAME_BYTES)
    line.on('data', (chunk: Uint8Array) => {
      if (this.#isDeaf) return
      try {
        reader.read(chunk, (kind, stream, payload) => {
          if (this.#isDeaf) return
          if (kind === frameKind.message) this.#receive(payload)
          else this.#sockets.receive(kind, stream, payload)
        })
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        this.#isDeaf = true
        this.kill(
          failure('ProtocolError', `A step wrote to the runner's own line: ${error.message}`),
        )
      }
    })
    // A line that breaks is a process that ends: `close` follows and says how.
    line.on('error', () => {})
    for (const output of [this.#child.stdout!, this.#child.stderr!]) this.#drain(output)
    this.#child.on('error', () => this.#gone(null, null))
    this.#child.on('close', (code, signal) => this.#gone(code, signal))
  }

  #drain(output: Readable): void {
    output.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('latin1')).slice(-STDERR_TAIL)
      this.#rawBytes += chunk.length
      if (this.#rawBytes > RAW_OUTPUT_BYTES)
        this.kill(failure('Error', 'A step wrote more than 16 MiB to its standard output'))
    })
  }

  #receive(payload: Uint8Array): void {
    const { message, tail } = readUpMessage(payload)
    switch (message.type) {
      case 'hello':
        if (this.isReady) throw new ProtocolError('a second hello')
        this.isReady = true
        this.#bootRss = this.rssMb()
        for (const [nonce, active] of this.#runs) this.#startClock(nonce, active)
        return this.#deps.events.ready(this)
      case 'pong': {
        const answered = this.#pongs.get(message.id)
        if (!answered) throw new ProtocolError('an answer to nothing')
        this.#pongs.delete(message.id)
        return answered()
      }
      case 'idle':
        return this.#idle(message.left)
      case 'late':
        return this.#late(message)
      case 'begun':
      case 'log':
      case 'send':
      case 'skipped':
      case 'end':
      case 'done':
        return this.#receiveOfRun(message, tail)
      default:
        return assertNever(message)
    }
  }

  #receiveOfRun(message: OfRun, tail: Uint8Array): void {
    const active = this.#runs.get(message.run)
    if (!active) throw new ProtocolError('a run that is not running')
    const { record } = active.run
    if (!active.heard) {
      active.heard = true
      this.#unheard--
      this.#unheardSinceMs = this.#deps.clock.monotonicMs()
    }
    switch (message.type) {
      case 'begun':
        return
      case 'log':
        return record.log(message)
      case 'send':
        return record.send(message, tail)
      case 'skipped':
        return record.skipped(message)
      case 'end':
        return record.end(message, tail)
      case 'done':
        if (!record.isThrough()) throw new ProtocolError('a run done before its steps are')
        return this.#finish(message.run, active, message.durationMs)
    }
  }

  #finish(nonce: string, active: ActiveRun, durationMs: number): void {
    this.#forget(nonce, active)
    const { run } = active
    const { accountId, eventId, context, program } = run.job
    const workflowId = context.workflow_id
    this.#ended.set(nonce, { accountId, eventId, workflowId, program, lateEntries: 0 })
    run.settle(run.record.settle({ kind: 'done', durationMs }))
    this.#deps.events.finished(this)
  }

  #forget(nonce: string, active: ActiveRun): void {
    if (active.timer) clearTimeout(active.timer)
    this.#sockets.closeRun(nonce)
    this.#runs.delete(nonce)
    this.idleSinceMs = this.#deps.clock.monotonicMs()
  }

  #late(message: Extract<UpMessage, { type: 'late' }>): void {
    const run = this.#ended.get(message.run)
    const step = run?.program.steps[message.step]
    if (!run || !step || ++run.lateEntries > LATE_ENTRIES)
      throw new ProtocolError('a late entry of no run that ended here')
    const { accountId, eventId, workflowId } = run
    const { at, level, text } = message
    this.isRetired = this.#hasLeftovers = true
    this.#deps.onLate({
      accountId,
      eventId,
      workflowId,
      step: step.name,
      entry: { at, level, text },
    })
    if (this.active === 0) this.#deps.events.finished(this)
  }

  #idle(left: readonly string[]): void {
    // A run that is on its way makes it busy again; the guest will say so anew after that one.
    if (this.active > 0) return
    this.#left = left
    if (left.length > 0) this.isRetired = this.#hasLeftovers = true
    if (this.isRetired) this.#deps.events.finished(this)
  }

  /** What a run started is still about and is now stopped: its user is told, for nobody else will. */
  #reportLeftovers(): void {
    const run = [...this.#ended.values()].at(-1)
    if (!run || !this.#left || this.#left.length === 0) return
    const { accountId, eventId, workflowId, program } = run
    const what = this.#left.join(', ')
    const text = `Something was still running after the run had ended (${what}) and was stopped: await it in the step`
    const entry = { at: 0, level: 'warn' as const, text }
    this.#deps.onLate({ accountId, eventId, workflowId, step: program.steps.at(-1)!.name, entry })
  }

  /** The run is over its time. Whether it is to blame is known only if the process still answers. */
  #timeOut(nonce: string): void {
    const culprit = this.#runs.get(nonce)?.run
    if (!culprit) return
    const id = ++this.#pings
    const ending: Ending = { kind: 'timed_out' }
    const silence = setTimeout(() => this.kill({ ending, culprit: null }), PONG_MS)
    this.#pongs.set(id, () => {
      clearTimeout(silence)
      if (this.#runs.has(nonce)) this.kill({ ending, culprit })
    })
    this.#send({ type: 'ping', id })
  }

  #gone(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isGone) return
    this.#isGone = this.isRetired = this.#isDeaf = true
    this.#sockets.closeAll()
    if (this.#lingering) clearTimeout(this.#lingering)
    const unfinished = [...this.#runs.values()].map(({ run }) => run)
    for (const [nonce, active] of this.#runs) this.#forget(nonce, active)
    const death = this.#death ?? this.#explain(code, signal)
    const isAlone = unfinished.length === 1 && !this.#hasLeftovers
    const culprit = death.culprit ?? (isAlone ? unfinished[0]! : null)
    this.#deps.events.gone(this, unfinished, { ...death, culprit })
  }

  #explain(code: number | null, signal: NodeJS.Signals | null): Death {
    if (/heap out of memory|Allocation failed|ERR_WORKER_OUT_OF_MEMORY/.test(this.#stderr))
      return this.#outOfMemory()
    const how = signal ? `signal ${signal}` : `exit code ${code}`
    return failure('ProcessEnded', `The process ended while the step was running (${how})`)
  }

  #outOfMemory(): Death {
    return failure('OutOfMemory', `The run went over its memory limit of ${this.memoryMb} MiB`)
  }

  #send(message: DownMessage, tail?: Uint8Array): void {
    this.#writer.message(message, tail)
    this.#flushSoon()
  }

  /** One write for all that is sent in a turn. */
  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    process.nextTick(() => {
      this.#flushing = false
      this.#writer.flush()
    })
  }
}

function launch(isolation: Isolation, memoryMb: number): ChildProcess {
  const { command, args, uid } = isolation.launch(memoryMb)
  return spawn(command, args, {
    cwd: '/',
    env: { TZ: 'UTC', LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
    ...(uid === null ? {} : { uid, gid: uid }),
  })
}

/** The server's own decision: nobody's fault. */
export const BY_SERVER: Death = failure('ProcessEnded', 'The process was stopped by the server')

function failure(name: string, message: string): Death {
  const error = { name, message, stack: `${name}: ${message}`, line: null, column: null }
  return { ending: { kind: 'failed', error }, culprit: null }
}
