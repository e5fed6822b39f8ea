/**
 * Which process a run goes to. Each program has a lane: its warm processes, and the runs that wait for
 * one. A few blank processes stand by, booted, so that a cold program starts in milliseconds.
 *
 *   warm lane   up to 16 interleaved runs a process; runs that wait 50 ms get a further process, up to a cap
 *   solo lane   one run a process, which is then killed: `isolation: 'run'`, and every second execution
 *
 * A process dies with all its runs. The one to blame is settled; where it is not known, or for the ones
 * beside it, nothing was committed: they run once more, each alone, and that is the last word.
 *
 * Invariant: a process serves one account and one program. Accounts and programs share the places fairly;
 * whose turn it is, and who makes way, is the business of turns.ts.
 */
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import { BY_SERVER } from './death.ts'
import type { Death } from './death.ts'
import type { GuestProcess, GuestRun } from './guest-process.ts'
import { RunRecord } from './run-record.ts'
import type { Program, RunJob, RunResult } from './runner.ts'
import { nextInTurn, whoMakesWay } from './turns.ts'

export type PoolOptions = {
  /** Processes in all, blanks included. */
  readonly processes: number
  readonly processesPerProgram: number
  readonly blanks: number
  /** Processes that may be starting at once: more of them only make each other late. */
  readonly starting: number
  /** An idle process is killed after this long; sooner, where a newer version has taken its place. */
  readonly idleMs: number
  /** A process is replaced after so many runs, and when it is so old: leaks of user code end with it. */
  readonly runsPerProcess: number
  readonly ageMs: number
}

type Deps = {
  readonly clock: Clock
  /** Starts a process that may read the packages of one program, or a blank one. Throws when the system refuses one. */
  readonly launch: (memoryMb: number, packages: string | null) => GuestProcess
}

type Task = {
  readonly job: RunJob
  readonly isSecond: boolean
  readonly queuedMs: number
  readonly resolve: (result: RunResult) => void
  readonly reject: (error: Error) => void
}

type Lane = {
  readonly key: string
  readonly accountId: number
  readonly workflowId: string
  /** Of the run that opened it: the program of a draft has the version that it is a draft of. */
  readonly version: number
  readonly program: Program
  readonly memoryMb: number
  readonly isSolo: boolean
  readonly processes: Set<GuestProcess>
  readonly waiting: Task[]
}

const QUEUED_MS = 50
const TICK_MS = 25
const WATCH_MS = 100
/** An idle process is looked at in every so many patrols. */
const IDLE_PATROLS = 10
/** An idle process of a version that has been replaced stays for a replay or two. */
const REPLACED_IDLE_MS = 1_000
/** An idle process that keeps this share of its memory is not worth keeping. */
const MEMORY_SHARE = 0.75
/** Boots that may fail in a row before waiting runs are refused rather than tried again. */
const FAILED_BOOTS = 3

export class Pool {
  readonly #deps: Deps
  readonly #options: PoolOptions
  readonly #lanes = new Map<string, Lane>()
  readonly #laneOf = new Map<GuestProcess, Lane>()
  readonly #taskOf = new Map<GuestRun, Task>()
  readonly #processes = new Set<GuestProcess>()
  readonly #blanks: GuestProcess[] = []
  /** Lanes that could not get a process, in the order they asked. */
  readonly #starved = new Set<Lane>()
  #waiting = 0
  #failedBoots = 0
  #patrols = 0
  #tick: NodeJS.Timeout | null = null
  #watch: NodeJS.Timeout | null = null
  #isStopped = true
  #whenEmpty: (() => void) | null = null

  constructor(deps: Deps, options: PoolOptions) {
    this.#deps = deps
    this.#options = options
  }

  start(): void {
    this.#isStopped = false
    this.#watch = setInterval(() => this.#patrol(), WATCH_MS)
    this.#fillBlanks()
  }

  /** Kills every process. Runs that have not ended are rejected with `draining`. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#watch) clearInterval(this.#watch)
    if (this.#tick) clearInterval(this.#tick)
    this.#watch = this.#tick = null
    for (const lane of this.#lanes.values()) this.#refuse(lane, new AppError('draining'))
    for (const process of this.#processes) process.kill(BY_SERVER)
    if (this.#processes.size === 0) return
    await new Promise<void>((resolve) => (this.#whenEmpty = resolve))
  }

  run(job: RunJob): Promise<RunResult> {
    return new Promise((resolve, reject) => {
      if (this.#isStopped) return reject(new AppError('draining'))
      if (this.#waiting >= limits.runQueueEvents)
        return reject(new AppError('overloaded', { what: 'the runner' }))
      this.#queue({ job, isSecond: false, queuedMs: this.#nowMs(), resolve, reject })
    })
  }

  /** A process has booted. */
  ready(process: GuestProcess): void {
    this.#failedBoots = 0
    const lane = this.#laneOf.get(process)
    if (lane) this.#serve(lane)
    this.#serveStarved()
  }

  /** A run has begun: what waits behind it may follow. */
  begun(process: GuestProcess): void {
    const lane = this.#laneOf.get(process)
    if (lane && lane.waiting.length > 0) this.#serve(lane)
  }

  /** A run of the process has ended and left its place. */
  finished(process: GuestProcess): void {
    const lane = this.#laneOf.get(process)
    if (!lane) return
    this.#retireIfDue(process)
    if (process.isRetired && process.active === 0) return this.#letGo(process, lane)
    if (lane.waiting.length > 0) this.#serve(lane)
    else if (process.active === 0 && this.#isFull() && this.#starved.size > 0)
      process.kill(BY_SERVER)
  }

  /** At most one process of a lane lingers: what earlier runs left behind makes way. */
  #letGo(process: GuestProcess, lane: Lane): void {
    for (const other of lane.processes)
      if (other !== process && other.isLingering) other.kill(BY_SERVER)
    process.leave()
  }

  /** The process is gone with all its runs. */
  gone(process: GuestProcess, unfinished: readonly GuestRun[], death: Death): void {
    const lane = this.#laneOf.get(process)
    this.#processes.delete(process)
    this.#laneOf.delete(process)
    lane?.processes.delete(process)
    const blank = this.#blanks.indexOf(process)
    if (blank !== -1) this.#blanks.splice(blank, 1)
    if (!process.isReady && death !== BY_SERVER) this.#failedBoots++

    for (const run of unfinished) this.#settleOrRepeat(process, run, death)
    // It takes its turn with the others: else a flood would take the place that it was to make.
    if (lane && lane.waiting.length > 0) this.#starved.add(lane)
    this.#dropIfEmpty(lane)
    this.#serveStarved()
    if (this.#processes.size === 0) this.#whenEmpty?.()
  }

  #settleOrRepeat(process: GuestProcess, run: GuestRun, death: Death): void {
    const task = this.#taskOf.get(run)!
    this.#taskOf.delete(run)
    if (this.#isStopped) return task.reject(new AppError('draining'))
    if (!process.isReady) {
      // It never booted, so no user code has run: ours to bear, not the run's.
      if (this.#failedBoots >= FAILED_BOOTS)
        return task.reject(new AppError('overloaded', { what: 'the runner' }))
      return this.#queue(task)
    }
    if (run.isSecond || run === death.culprit) task.resolve(run.record.settle(death.ending))
    else this.#queue({ ...task, isSecond: true, queuedMs: this.#nowMs() })
  }

  #queue(task: Task): void {
    const lane = this.#laneFor(task)
    lane.waiting.push(task)
    this.#waiting++
    this.#serve(lane)
  }

  #laneFor({ job, isSecond }: Task): Lane {
    const { program, memoryMb } = job
    const isSolo = isSecond || job.isolation === 'run'
    const key = `${job.accountId} ${isSolo ? 'solo' : 'warm'} ${memoryMb} ${program.id}`
    let lane = this.#lanes.get(key)
    if (!lane) {
      const { accountId, context } = job
      const { workflow_id: workflowId, version } = context
      const own = { accountId, workflowId, version, program, memoryMb, isSolo }
      lane = { key, ...own, processes: new Set(), waiting: [] }
      this.#lanes.set(key, lane)
    }
    return lane
  }

  /** A place has become free: lanes that could not get one are asked, whose turn it is first. */
  #serveStarved(): void {
    while (this.#starved.size > 0 && this.#hasRoom()) {
      const lane = nextInTurn(this.#starved, this.#laneOf)
      this.#starved.delete(lane)
      this.#serve(lane)
    }
  }

  /** Gives waiting runs to processes until there is no run or no place left. */
  #serve(lane: Lane): void {
    while (lane.waiting.length > 0) {
      const process = this.#placeIn(lane) ?? this.#grow(lane)
      if (!process) break
      this.#waiting--
      this.#begin(process, lane.waiting.shift()!)
    }
    if (lane.waiting.length === 0) this.#starved.delete(lane)
    else this.#tick ??= setInterval(() => this.#serveAll(), TICK_MS)
  }

  #begin(process: GuestProcess, task: Task): void {
    const { job, isSecond } = task
    const run: GuestRun = {
      job,
      isSecond,
      record: new RunRecord(this.#deps.clock, job),
      settle: (result) => {
        this.#taskOf.delete(run)
        task.resolve(result)
      },
    }
    this.#taskOf.set(run, task)
    process.start(run)
  }

  /** The least busy process of the lane that takes another run. */
  #placeIn(lane: Lane): GuestProcess | null {
    const nowMs = this.#nowMs()
    let best: GuestProcess | null = null
    for (const process of lane.processes) {
      if (lane.isSolo && process.served > 0) continue
      if (!process.takesMore(nowMs)) continue
      if (!best || process.active < best.active) best = process
    }
    return best
  }

  /** A further process for the lane, where it is due one and there is room. */
  #grow(lane: Lane): GuestProcess | null {
    const inUse = [...lane.processes].filter((process) => !process.isLingering)
    if (inUse.length >= this.#options.processesPerProgram) return null
    if (!lane.isSolo && inUse.length > 0) {
      const isBooting = inUse.some((process) => !process.isReady)
      const waitedMs = this.#nowMs() - lane.waiting[0]!.queuedMs
      if (isBooting || waitedMs < QUEUED_MS) return null
    }
    const process = this.#takeBlank(lane) ?? this.#launch(lane)
    if (!process) return null
    this.#starved.delete(lane)
    lane.processes.add(process)
    this.#laneOf.set(process, lane)
    process.load(lane.program)
    return process
  }

  #takeBlank(lane: Lane): GuestProcess | null {
    if (lane.memoryMb !== limits.runMemoryMb || lane.program.packages !== null) return null
    const ready = this.#blanks.findIndex((process) => process.isReady)
    return this.#blanks.splice(Math.max(ready, 0), 1)[0] ?? null
  }

  #launch(lane: Lane): GuestProcess | null {
    if (!this.#hasRoom()) {
      this.#starved.add(lane)
      if (this.#isFull()) this.#makeRoom(lane)
      return null
    }
    try {
      return this.#launchOne(lane.memoryMb, lane.program.packages)
    } catch (cause) {
      this.#refuse(lane, new AppError('overloaded', { what: 'the runner' }, { cause }))
      return null
    }
  }

  #isFull(): boolean {
    return this.#processes.size >= this.#options.processes
  }

  /** Whether another process may be started now. */
  #hasRoom(): boolean {
    if (this.#isFull()) return false
    let starting = 0
    for (const process of this.#processes) if (!process.isReady && !process.isDying) starting++
    return starting < this.#options.starting
  }

  #launchOne(memoryMb: number, packages: string | null): GuestProcess {
    const process = this.#deps.launch(memoryMb, packages)
    this.#processes.add(process)
    return process
  }

  /** Frees a place, where enough of them are not being freed already. */
  #makeRoom(lane: Lane): void {
    const coming = [...this.#processes].filter(
      (process) => process.isDying || (process.isRetired && process.active > 0),
    )
    if (coming.length >= this.#starved.size) return
    const idle = [...this.#blanks, ...this.#laneOf.keys()].filter(
      (process) => process.active === 0 && !process.isDying,
    )
    const [oldest] = idle.sort((a, b) => a.idleSinceMs - b.idleSinceMs)
    if (oldest) return oldest.kill(BY_SERVER)
    const leaving = whoMakesWay(lane, this.#laneOf, this.#nowMs())
    if (leaving) leaving.isRetired = true
  }

  #retireIfDue(process: GuestProcess): void {
    const isOld = this.#nowMs() - process.startedMs > this.#options.ageMs
    if (isOld || process.served >= this.#options.runsPerProcess) process.isRetired = true
    if (this.#laneOf.get(process)?.isSolo) process.isRetired = true
  }

  #serveAll(): void {
    for (const lane of this.#lanes.values()) if (lane.waiting.length > 0) this.#serve(lane)
    if (this.#waiting > 0 || !this.#tick) return
    clearInterval(this.#tick)
    this.#tick = null
  }

  /** Ten times a second: what the busy take, age of the idle, and the blanks. */
  #patrol(): void {
    const nowMs = this.#nowMs()
    this.#patrols++
    for (const [process, lane] of this.#laneOf) {
      const isFresh = nowMs - process.idleSinceMs < 2 * WATCH_MS
      if (process.active > 0 || isFresh || this.#patrols % IDLE_PATROLS === 0) process.watch()
      if (process.active > 0) continue
      else if (process.isRetired) continue
      else if (nowMs - process.idleSinceMs > this.#idleMs(lane)) process.kill(BY_SERVER)
      else if (process.served > 0 && process.memoryShare() > MEMORY_SHARE) process.kill(BY_SERVER)
    }
    for (const lane of this.#lanes.values()) this.#dropIfEmpty(lane)
    this.#fillBlanks()
  }

  /** How long a process of the lane may be idle. */
  #idleMs({ workflowId, version }: Lane): number {
    for (const other of this.#lanes.values())
      if (other.workflowId === workflowId && other.version > version) return REPLACED_IDLE_MS
    return this.#options.idleMs
  }

  #fillBlanks(): void {
    if (this.#failedBoots >= FAILED_BOOTS || this.#starved.size > 0) return
    const room = Math.min(
      this.#options.blanks - this.#blanks.length,
      this.#options.processes - this.#processes.size,
    )
    try {
      for (let index = 0; index < room; index++)
        this.#blanks.push(this.#launchOne(limits.runMemoryMb, null))
    } catch {
      // The system has no place now. Blanks only save time: the next patrol tries again.
    }
  }

  #refuse(lane: Lane, error: Error): void {
    this.#waiting -= lane.waiting.length
    for (const task of lane.waiting.splice(0)) task.reject(error)
  }

  #dropIfEmpty(lane: Lane | undefined): void {
    if (!lane || lane.processes.size > 0 || lane.waiting.length > 0) return
    this.#lanes.delete(lane.key)
    this.#starved.delete(lane)
  }

  #nowMs(): number {
    return this.#deps.clock.monotonicMs()
  }
}
