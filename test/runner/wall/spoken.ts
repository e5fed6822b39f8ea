/** Processes whose guest is `cat`: they say the bytes that a test wrote, and end. There can be many. */
import assert from 'node:assert/strict'
import { systemClock } from '../../../src/clock.ts'
import { GuestProcess } from '../../../src/runner/guest-process.ts'
import type { GuestRun, ProcessEvents } from '../../../src/runner/guest-process.ts'
import type { Isolation } from '../../../src/runner/isolation.ts'
import { runBounds } from '../../../src/runner/run-bounds.ts'
import { RunRecord } from '../../../src/runner/run-record.ts'
import type { LateReport, RunResult, Tunnel } from '../../../src/runner/runner.ts'
import type { createTunnelRooms } from '../../../src/runner/tunnel-room.ts'
import { jobOf } from '../../support/run-code.ts'

/** A process that says nothing more is ended after this long: spoiled frames may end none of its runs. */
const PATIENCE_MS = 2_000
/** For bytes that end their runs, or the process: they do when a busy machine lets them. */
export const HONEST_MS = 30_000

const saying = (bytes: Buffer): Isolation => ({
  level: 'process',
  because: 'a guest of the fuzzer',
  guestCode: bytes,
  guestPid: (pid) => pid,
  closedTo: () => null,
  launch: () => ({
    command: '/bin/sh',
    args: ['-c', 'exec cat >&3'],
    uid: null,
    inputs: [],
  }),
})

export type Told = { readonly nonce: string; readonly result: RunResult; readonly times: number }
export type Deps = {
  readonly tunnel: Tunnel
  readonly roomOf: ReturnType<typeof createTunnelRooms>
}

/** Gives a process its runs and its bytes, and resolves with all that came of them. */
export async function hear(
  { tunnel, roomOf }: Deps,
  nonces: readonly string[],
  bytes: Buffer,
  patienceMs = PATIENCE_MS,
): Promise<{ readonly told: readonly Told[]; readonly late: readonly LateReport[] }> {
  const results = new Map<string, RunResult[]>(nonces.map((nonce) => [nonce, []]))
  const late: LateReport[] = []
  const waiting = [...nonces]
  const ended = Promise.withResolvers<void>()
  let gone = 0
  const events: ProcessEvents = {
    ready: () => {},
    begun: () => {},
    finished: (process) => process.active === 0 && process.leave(),
    gone: (_, unfinished, death) => {
      assert.equal(++gone, 1)
      for (const run of unfinished) run.settle(run.record.settle(death.ending))
      ended.resolve()
    },
  }
  const process = new GuestProcess(
    {
      clock: systemClock,
      isolation: saying(bytes),
      tunnel,
      room: roomOf(),
      bounds: runBounds,
      onLate: (report) => late.push(report),
      nonce: () => waiting.shift()!,
      events,
    },
    128,
    null,
  )
  for (const nonce of nonces) process.start(runOf(nonce, results.get(nonce)!))
  const patience = setTimeout(() => process.kill(IMPATIENT), patienceMs)
  await ended.promise
  clearTimeout(patience)
  const told = [...results].map(([nonce, list]) => ({
    nonce,
    result: list[0]!,
    times: list.length,
  }))
  return { told, late }
}

const IMPATIENT = {
  ending: { kind: 'timed_out', cpuLimitMs: null },
  culprit: null,
} as unknown as Parameters<GuestProcess['kill']>[0]

/** Two steps; the event is named after the run, so that late reports can be told apart too. */
function runOf(nonce: string, results: RunResult[]): GuestRun {
  const job = jobOf({ one: ``, two: `` }, { eventId: nonce, timeoutMs: 60_000 })
  const settle = (result: RunResult): void => void results.push(result)
  return { job, record: new RunRecord(systemClock, job), isSecond: false, settle }
}
