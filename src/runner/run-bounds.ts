/** What a run may take that only the server can measure. A part of its own, so that tests can be smaller. */
import { limits } from '../model/limits.ts'

export type RunBounds = {
  /** From the start of a process to its first word. */
  readonly bootMs: number
  /** CPU time of a run, of all its threads, given how long it may take. */
  readonly cpuMs: (timeoutMs: number) => number
  /** Bytes over all its connections, both ways together. */
  readonly tunnelBytes: number
}

export const runBounds: RunBounds = {
  bootMs: limits.runBootMs,
  cpuMs: (timeoutMs) => Math.max(limits.runCpuMs, Math.round((timeoutMs * 2) / 3)),
  tunnelBytes: limits.runTunnelBytes,
}
