/**
 * Makes the Runner: joins the wall that was chosen, pool and processes. Nothing of user code, its packages
 * or its memory is ever in this process; what comes back is data that was checked.
 */
import { availableParallelism } from 'node:os'
import type { Clock } from '../clock.ts'
import { GuestProcess } from './guest-process.ts'
import type { ProcessEvents } from './guest-process.ts'
import type { Isolation } from './isolation.ts'
import { Pool } from './pool.ts'
import type { PoolOptions } from './pool.ts'
import { runBounds } from './run-bounds.ts'
import type { RunBounds } from './run-bounds.ts'
import type { LateReport, Runner, Tunnel } from './runner.ts'
import { createTunnelRooms } from './tunnel-room.ts'

type Deps = {
  readonly clock: Clock
  /** Of `probeIsolation`. */
  readonly isolation: Isolation
  readonly tunnel: Tunnel
  /** Called with what user code did after its run had ended. */
  readonly onLate: (report: LateReport) => void
}

export type RunnerOptions = Partial<PoolOptions & { readonly bounds: Partial<RunBounds> }>

const DEFAULTS: PoolOptions = {
  processes: 64,
  processesPerProgram: Math.max(2, availableParallelism() * 2),
  blanks: 2,
  starting: Math.max(4, availableParallelism() * 2),
  idleMs: 60_000,
  // A process costs as much as some hundred runs: replaced more often, a busy program would feel it.
  runsPerProcess: 10_000,
  ageMs: 10 * 60 * 1_000,
}

export function createRunner(deps: Deps, options: RunnerOptions = {}): Runner {
  const { isolation } = deps
  const nonce = nonceSource(deps.clock)
  const bounds = { ...runBounds, ...options.bounds }
  const roomOf = createTunnelRooms()
  const events: ProcessEvents = {
    ready: (process) => pool.ready(process),
    begun: (process) => pool.begun(process),
    finished: (process) => pool.finished(process),
    gone: (process, unfinished, death) => pool.gone(process, unfinished, death),
  }
  const launch = (memoryMb: number, packages: string | null): GuestProcess =>
    new GuestProcess({ ...deps, nonce, events, bounds, room: roomOf() }, memoryMb, packages)
  const pool = new Pool({ clock: deps.clock, launch }, { ...DEFAULTS, ...options })

  return {
    start: async () => pool.start(),
    stop: () => pool.stop(),
    run: (job) => pool.run(job),
    closedToGuests: (path) => isolation.closedTo(path),
    level: () => ({ level: isolation.level, because: isolation.because }),
  }
}

const NONCE_BYTES = 16

/** Names of 128 random bits, drawn in bulk: a call to the random source costs more than a run's own work. */
function nonceSource(clock: Clock): () => string {
  let bytes = Buffer.alloc(0)
  let used = 0
  return () => {
    if (used === bytes.length) {
      bytes = Buffer.from(clock.randomBytes(NONCE_BYTES * 256))
      used = 0
    }
    return bytes.toString('base64url', used, (used += NONCE_BYTES))
  }
}
