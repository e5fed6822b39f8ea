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

const OVER = 'The run went over its memory limit of'

/** The heap was full: V8 says so before anybody else sees it. */
const outOfHeap = (memoryMb: number): Death =>
  failure('OutOfMemory', `${OVER} ${memoryMb} MiB: its heap was full`)

/** Memory of all kinds: Buffers and WebAssembly are not in the heap. */
export const outOfMemory = (memoryMb: number, heldMb: number): Death =>
  failure(
    'OutOfMemory',
    `${OVER} ${memoryMb} MiB: with Buffers and WebAssembly it held ${heldMb} MiB`,
  )

export const outOfCpu = (cpuLimitMs: number): Death => ({
  ending: { kind: 'timed_out', cpuLimitMs },
  culprit: null,
})

export const breachOf = (because: string): Death =>
  failure('ProtocolError', `The step wrote to the runner's own line: ${because}`)

/** Reads the reason out of how the process ended, where nobody killed it. */
export function explainEnd({ code, signal, output }: ChildEnd, memoryMb: number): Death {
  if (/heap out of memory|Allocation failed|out of memory/i.test(output)) return outOfHeap(memoryMb)
  const how = signal ? `signal ${signal}` : `exit code ${code}`
  return failure('ProcessEnded', `The process ended while the step was running (${how})`)
}
