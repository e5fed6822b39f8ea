/**
 * The runner's port: steps go in, outcomes come out, and user code never touches this process. What
 * isolates it is behind this line (pool, process, level); what it may reach is the tunnel it is given.
 */
import type { Socket } from 'node:net'
import type { Send } from '../model/delivery.ts'
import type { RawRequest } from '../model/event.ts'
import type { TriggerResponse } from '../model/respond.ts'
import type { ImportPlace, LogEntry, RunOutcome } from '../model/run.ts'
import type { Service } from '../service.ts'

/** One executable step, compiled by execution/compile.ts. Notes do not come here. */
export type ProgramStep = {
  readonly name: string
  readonly type: 'code' | 'webhook'
  /** Position in the workflow, notes counted: what delivery ids derive from. */
  readonly position: number
  /** ES module source: `export default async function (scope) {...}`; user text starts on line 1. */
  readonly source: string
  /** Characters of our own before the user's text on line 1: columns there are less by so many. */
  readonly prefix: number
  /** Where its text imports what, for errors that have no place of their own; left out if nowhere. */
  readonly imports?: readonly ImportPlace[]
}

/** What one process is loaded with: a version, compiled. `id` changes whenever anything of it changes. */
export type Program = {
  readonly id: string
  readonly steps: readonly ProgramStep[]
  /** Folder of installed packages, or null. */
  readonly packages: string | null
}

export type RunJob = {
  readonly accountId: number
  readonly eventId: string
  readonly program: Program
  readonly request: RawRequest
  readonly context: {
    readonly id: string
    readonly ts: string
    readonly workflow_id: string
    readonly workflow_name: string
    readonly version: number
    readonly replay_of: string | null
    readonly test: boolean
  }
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly memoryMb: number
  readonly isolation: 'warm' | 'run'
  readonly response: 'default' | 'custom'
  /** Hears what a step responds at once. A run that is repeated may respond again. */
  readonly onRespond?: (response: TriggerResponse) => void
}

export type RunResult = {
  readonly outcome: RunOutcome
  /** In call order. Calls made before a throw, `$end` or a time-out are here too. */
  readonly sends: readonly Send[]
  /** What a step gave `$respond`, if one did. */
  readonly response?: TriggerResponse & { readonly immediate: boolean }
}

/** What user code did after its run had ended. */
export type LateReport = {
  readonly accountId: number
  readonly eventId: string
  readonly workflowId: string
  readonly step: string
  readonly entry: LogEntry
}

/**
 * Opens a guarded connection for user code. Resolves to a connected socket whose peer address was
 * checked, or rejects with an Error whose `code` and `message` user code may see.
 */
export type Tunnel = (
  target: { readonly host: string; readonly port: number },
  signal: AbortSignal,
) => Promise<Socket>

export interface Runner extends Service {
  /**
   * Runs a program on an event. Every way user code can end is an outcome, never a rejection: a throw,
   * `$end`, a limit, a killed process. Rejects only when no process can be had (`overloaded`).
   */
  run(job: RunJob): Promise<RunResult>
  /** What keeps user code from reading `path`, if the wall does not: a folder on the way, or null. */
  closedToGuests(path: string): string | null
  /** Which wall is in force, for `doctor`, logs and the health page. */
  level(): { readonly level: 'process' | 'strict'; readonly because: string }
}
