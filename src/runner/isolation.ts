/**
 * How a guest process is launched, and so what it can reach: nothing but its line and, where its program
 * has packages, their folder.
 *
 *   process   Node's permission model with every door shut, no environment, and where the server is root,
 *             a user that owns nothing. Node documents that model as no defence against malicious code:
 *             this level is for code that is trusted as a colleague's is. See process-isolation.ts.
 *   strict    the same command inside a sandbox of the kernel, which holds without the former's help.
 *             See strict-isolation.ts.
 *
 * Invariant: the level that is in force was tried, and is said. A server that was told to be strict does
 * not start without it; one that chooses by itself says what kept it from the stricter.
 */
import { AppError, assertNever } from '../errors.ts'
import type { Launch } from './launch.ts'
import { processIsolation } from './process-isolation.ts'
import { probeStrict } from './strict-isolation.ts'

export type IsolationChoice = 'auto' | 'process' | 'strict'

export type Isolation = {
  readonly level: 'process' | 'strict'
  readonly because: string
  /** What a guest reads from its standard input before all else. */
  readonly guestCode: Uint8Array
  /** `packages`: the one folder that it may read. */
  launch(memoryMb: number, packages: string | null): Launch
  /** The guest itself, by the process that was launched; null where it is not to be found. */
  guestPid(launchedPid: number): number | null
  /** The first folder on the way to `path`, or the path itself, that a guest may not pass. */
  closedTo(path: string): string | null
}

/** Finds out what this machine offers, once. Rejects with `isolation_missing` where that is not what was asked for. */
export async function probeIsolation(choice: IsolationChoice): Promise<Isolation> {
  const ordinary = processIsolation()
  switch (choice) {
    case 'process':
      return ordinary
    case 'strict': {
      const strict = await probeStrict(ordinary)
      if ('missing' in strict) throw new AppError('isolation_missing', { reason: strict.missing })
      return strict.isolation
    }
    case 'auto': {
      const strict = await probeStrict(ordinary)
      if ('isolation' in strict) return strict.isolation
      return { ...ordinary, because: `${ordinary.because}; not strict: ${strict.missing}` }
    }
    default:
      return assertNever(choice)
  }
}
