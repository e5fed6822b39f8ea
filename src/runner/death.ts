/** Why a guest process ended, as its runs are told. */
import type { ChildEnd } from './guest-child.ts'
import type { GuestRun } from './guest-process.ts'
import type { Ending } from './run-record.ts'

/** `culprit` is the run to blame, where that is known. */
export type Death = { readonly ending: Ending; readonly culprit: GuestRun | null }

export function failure(name: string, message: string): Death {
  const error = { name, message, stack: `${name}: ${message}`, line: null, column: null }
  return { ending: { kind: 'failed', error }, culprit: null }
}

/** The server's own decision: nobody's fault. */
export const BY_SERVER: Death = failure('ProcessEnded', 'The process was stopped by the server')

export const outOfMemory = (memoryMb: number): Death =>
  failure('OutOfMemory', `The run went over its memory limit of ${memoryMb} MiB`)

export const breachOf = (because: string): Death =>
  failure('ProtocolError', `The step wrote to the runner's own line: ${because}`)

/** Reads the reason out of how the process ended, where nobody killed it. */
export function explainEnd({ code, signal, output }: ChildEnd, memoryMb: number): Death {
  if (/heap out of memory|Allocation failed|out of memory/i.test(output))
    return outOfMemory(memoryMb)
  const how = signal ? `signal ${signal}` : `exit code ${code}`
  return failure('ProcessEnded', `The process ended while the step was running (${how})`)
}
