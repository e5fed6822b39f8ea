/**
 * One guest process: launched, given one program, fed runs, watched and killed. It knows its runs and
 * what each has streamed; what to do with the runs of a process that dies is the pool's decision.
 *
 * Invariant: nothing the guest says is believed of a run that is not this process's, and after the first
 * breach of the protocol nothing it says is read at all.
 */
import type { Clock } from '../clock.ts'
import { assertNever } from '../errors.ts'
import { BY_SERVER, breachOf, explainEnd, failure, outOfCpu, outOfMemory } from './death.ts'
import type { Death } from './death.ts'
import { EndedRuns } from './ended-runs.ts'
import { GuestChild } from './guest-child.ts'
import type { ChildEnd } from './guest-child.ts'
import { GuestSockets } from './guest-sockets.ts'
import type { Isolation } from './isolation.ts'
import { ProtocolError, frameKind } from './protocol.ts'
import type { DownMessage, LoadedStep, UpMessage } from './protocol.ts'
import type { RunBounds } from './run-bounds.ts'
import type { Ending, RunRecord } from './run-record.ts'
import type { LateReport, Program, RunJob, RunResult, Tunnel } from './runner.ts'
import type { TunnelRoom } from './tunnel-room.ts'
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
  /** A run gave its first sign of life: there may be room for another. */
  begun(process: GuestProcess): void
  /** A run ended by itself and was settled. */
  finished(process: GuestProcess): void
  /** The process is gone; `unfinished` are the runs it took along, `culprit` the one to blame if known. */
  gone(process: GuestProcess, unfinished: readonly GuestRun[], death: Death): void
}

type Deps = {
  readonly clock: Clock
  readonly isolation: Isolation
  readonly tunnel: Tunnel
  readonly room: TunnelRoom
  readonly bounds: RunBounds
  readonly onLate: (report: LateReport) => void
  readonly nonce: () => string
  readonly events: ProcessEvents
}

type ActiveRun = {
  readonly run: GuestRun
  readonly sentMs: number
  timer: NodeJS.Timeout | null
  heard: boolean
  /** Its share of what the process has spent since it began. */
  cpuMs: number
}
type OfRun = Extract<
  UpMessage,
  { type: 'begun' | 'log' | 'send' | 'skipped' | 'respond' | 'end' | 'done' }
>

/** Runs that interleave in one process. */
const RUNS_AT_ONCE = 16
/** A process that answers a run within this time is sent as many as it may have; within the other, a few. */
const PROMPT_MS = 5
const SLOW_MS = 20
/** A guest that does not answer within this time is held to be busy with code that never gives way. */
const PONG_MS = 100
/** How long what outlived its run may go on in a process that takes no more runs. */
const LINGER_MS = 1_000
/** It says so once, then ten times a second while something is left, which is not long. */
const IDLES_PER_RUN = 1_000
/** What a process may need above its heap: young generation, code, buffers of the line. */
const MEMORY_SLACK_MB = 64
const NEVER_STARTED = failure('ProcessEnded', 'The process did not start in time')
const OUT_OF_TIME: Ending = { kind: 'timed_out', cpuLimitMs: null }
/** CPU time that a process may take from one run to the next: collecting garbage, and no more. */
const IDLE_CPU_MS = 500

export class GuestProcess {
  readonly memoryMb: number
  readonly startedMs: number
  /** Since when it has a program. */
  servingSinceMs = 0
  /** Instant of the last run's end, for eviction; of the launch, before. */
  idleSinceMs: number
  served = 0
  isReady = false
  /** No further run goes here; it is killed once the last one has ended. */
  isRetired = false
  readonly #deps: Deps
  readonly #child: GuestChild
  readonly #sockets: GuestSockets
  readonly #runs = new Map<string, ActiveRun>()
  readonly #ended: EndedRuns
  readonly #pongs = new Map<number, () => void>()
  #pings = 0
  /** Times the guest said that it idles, since a run was last sent here. */
  #idles = 0
  /** Runs that were sent here and have given no sign of life yet, and since when. */
  #unheard = 0
  #unheardSinceMs = 0
  /** How long the last run took to give one: what its code did before it first gave way, and the queue. */
  #responseMs = Number.POSITIVE_INFINITY
  /** What the guest last said is left of ended runs; null while it has runs, or has not said. */
  #left: readonly string[] | null = null
  /** Code of ended runs may still be about, so a run that is alone is not necessarily to blame. */
  #hasLeftovers = false
  readonly #booting: NodeJS.Timeout
  #lingering: NodeJS.Timeout | null = null
  #death: Death | null = null
  #bootMb = 0
  #cpuMs = 0
  #aboveBootMb = 0
  /** What it took without a run, since it has had none. */
  #idleCpuMs: number | null = null

  /** `packages`: the folder that it may read, for programs that have one. */
  constructor(deps: Deps, memoryMb: number, packages: string | null) {
    this.#deps = deps
    this.memoryMb = memoryMb
    this.startedMs = this.idleSinceMs = deps.clock.monotonicMs()
    this.#ended = new EndedRuns(deps.onLate)
    this.#child = new GuestChild(deps.isolation, memoryMb, packages, {
      frame: (kind, stream, payload) => {
        if (kind === frameKind.message) this.#receive(payload)
        else this.#sockets.receive(kind, stream, payload)
      },
      breach: (because) => this.kill(breachOf(because)),
      drained: () => this.#sockets.drained(),
      flood: () => this.kill(failure('Error', 'The step wrote over 16 MiB to its standard output')),
      gone: (how) => this.#gone(how),
    })
    this.#sockets = new GuestSockets({
      tunnel: deps.tunnel,
      writer: this.#child.writer,
      flush: () => this.#child.flushSoon(),
      isFull: () => this.#child.isFull,
      hasRun: (nonce) => this.#runs.has(nonce),
      room: deps.room,
      bytesPerRun: deps.bounds.tunnelBytes,
    })
    this.#booting = setTimeout(() => this.kill(NEVER_STARTED), deps.bounds.bootMs)
  }

  get active(): number {
    return this.#runs.size
  }

  /** Whether another run would begin at once, rather than wait behind code that does not give way. */
  takesMore(nowMs: number): boolean {
    if (this.isRetired || this.active >= RUNS_AT_ONCE) return false
    if (this.active > 0 && this.#child.isFull) return false
    if (this.#unheard === 0) return true
    if (this.#responseMs > SLOW_MS || nowMs - this.#unheardSinceMs > SLOW_MS) return false
    return this.#responseMs <= PROMPT_MS || this.#unheard < RUNS_AT_ONCE / 4
  }

  /** Gives a blank process its program, for life. */
  load(program: Program): void {
    this.servingSinceMs = this.#deps.clock.monotonicMs()
    const sources = program.steps.map(({ source }) => Buffer.from(source))
    const steps = program.steps.map(({ name, prefix, imports }, index): LoadedStep => ({
      name,
      prefix,
      length: sources[index]!.length,
      ...(imports && { imports }),
    }))
    this.#send({ type: 'load', steps, packages: program.packages }, Buffer.concat(sources))
  }

  start(run: GuestRun): void {
    this.#idles = 0
    const nonce = this.#deps.nonce()
    const { job } = run
    this.#left = null
    this.#idleCpuMs = null
    const sentMs = this.#deps.clock.monotonicMs()
    const active: ActiveRun = { run, sentMs, timer: null, heard: false, cpuMs: 0 }
    this.#runs.set(nonce, active)
    if (this.isReady) this.#startClock(nonce, active)
    if (this.#unheard++ === 0) this.#unheardSinceMs = sentMs
    this.served++
    const { body, ...request } = job.request
    const { context, env, response } = job
    this.#send({ type: 'run', run: nonce, request, context, env, response }, body)
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
    if (this.#death) return
    this.isRetired = true
    this.#death = death
    if (this.active === 0) this.#ended.stopped(this.#left ?? [])
    this.#child.kill()
  }

  /** Looks at what the process holds and has spent, and kills it when that is more than its runs may. */
  watch(): void {
    if (!this.isReady || this.#death) return
    const { residentMb, cpuMs } = this.#child.usage()
    const spentMs = cpuMs - this.#cpuMs
    this.#cpuMs = cpuMs
    this.#aboveBootMb = residentMb - this.#bootMb
    if (this.active === 0) {
      // Code that outlived its run and hides it: what it takes gives it away.
      // Not at the first look: that is still of the last run.
      this.#idleCpuMs = this.#idleCpuMs === null ? 0 : this.#idleCpuMs + spentMs
      if (this.#idleCpuMs > IDLE_CPU_MS) this.#stopGhost()
      return
    }
    if (this.#aboveBootMb > this.memoryMb + MEMORY_SLACK_MB)
      return this.kill(outOfMemory(this.memoryMb, Math.round(this.#aboveBootMb)))
    for (const active of this.#runs.values()) this.#charge(active, spentMs / this.active)
  }

  #stopGhost(): void {
    this.#left = ['code that uses the CPU']
    this.kill(BY_SERVER)
  }

  /** Who of several burns it is not known: each is charged the same, and the guilty is found alone. */
  #charge(active: ActiveRun, cpuMs: number): void {
    active.cpuMs += cpuMs
    const limitMs = this.#deps.bounds.cpuMs(active.run.job.timeoutMs)
    if (active.cpuMs > limitMs) this.kill(outOfCpu(limitMs))
  }

  /** Memory above that of a process that has just booted, when last looked at, as a share of what it may have. */
  memoryShare(): number {
    return this.#aboveBootMb / this.memoryMb
  }

  /** A run's time begins once there is a process to run it: the boot of a cold one is not held against it. */
  #startClock(nonce: string, active: ActiveRun): void {
    active.run.record.begin()
    active.timer = setTimeout(() => this.#timeOut(nonce), active.run.job.timeoutMs)
  }

  #receive(payload: Uint8Array): void {
    const { message, tail } = readUpMessage(payload)
    switch (message.type) {
      case 'hello':
        if (this.isReady) throw new ProtocolError('a second hello')
        this.isReady = true
        clearTimeout(this.#booting)
        this.#noteBoot()
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
      case 'respond':
      case 'end':
      case 'done':
        return this.#receiveOfRun(message, tail)
      default:
        return assertNever(message)
    }
  }

  #noteBoot(): void {
    const { residentMb, cpuMs } = this.#child.usage()
    this.#bootMb = residentMb
    this.#cpuMs = cpuMs
  }

  #receiveOfRun(message: OfRun, tail: Uint8Array): void {
    const active = this.#runs.get(message.run)
    if (!active) throw new ProtocolError('a run that is not running')
    const { record } = active.run
    const isFirst = !active.heard
    if (isFirst) {
      active.heard = true
      this.#unheard--
      this.#unheardSinceMs = this.#deps.clock.monotonicMs()
      this.#responseMs = this.#unheardSinceMs - active.sentMs
      this.#deps.events.begun(this)
    }
    switch (message.type) {
      case 'begun':
        if (!isFirst) throw new ProtocolError('a run begun twice')
        return
      case 'log':
        return record.log(message)
      case 'send':
        return record.send(message, tail)
      case 'skipped':
        return record.skipped(message)
      case 'respond':
        return record.respond(message, tail)
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
    this.#ended.add(nonce, run.job)
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
    this.#ended.late(message)
    this.isRetired = this.#hasLeftovers = true
    if (this.active === 0) this.#deps.events.finished(this)
  }

  #idle(left: readonly string[]): void {
    if (++this.#idles > IDLES_PER_RUN) throw new ProtocolError('more of idling than of runs')
    // A run that is on its way makes it busy again; the guest will say so anew after that one.
    if (this.active > 0) return
    this.#left = left
    if (left.length > 0) this.isRetired = this.#hasLeftovers = true
    if (this.isRetired) this.#deps.events.finished(this)
  }

  /** The run is over its time. Whether it is to blame is known only if the process still answers. */
  #timeOut(nonce: string): void {
    const culprit = this.#runs.get(nonce)?.run
    if (!culprit) return
    const id = ++this.#pings
    const ending = OUT_OF_TIME
    const silence = setTimeout(() => this.kill({ ending, culprit: null }), PONG_MS)
    this.#pongs.set(id, () => {
      clearTimeout(silence)
      if (this.#runs.has(nonce)) this.kill({ ending, culprit })
    })
    this.#send({ type: 'ping', id })
  }

  #gone(how: ChildEnd): void {
    this.isRetired = true
    this.#sockets.closeAll()
    clearTimeout(this.#booting)
    if (this.#lingering) clearTimeout(this.#lingering)
    const unfinished = [...this.#runs.values()].map(({ run }) => run)
    for (const [nonce, active] of this.#runs) this.#forget(nonce, active)
    const death = this.#death ?? explainEnd(how, this.memoryMb)
    const isAlone = unfinished.length === 1 && !this.#hasLeftovers
    const culprit = death.culprit ?? (isAlone ? unfinished[0]! : null)
    // Not a copy where nothing is added: whether the server decided it is told by which one it is.
    const told = culprit === death.culprit ? death : { ...death, culprit }
    this.#deps.events.gone(this, unfinished, told)
  }

  #send(message: DownMessage, tail?: Uint8Array): void {
    this.#child.writer.message(message, tail)
    this.#child.flushSoon()
  }
}
