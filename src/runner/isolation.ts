/**
 * How a guest process is launched, and so what it can reach: nothing but its line. Level
 * `process` is Node's permission model with every door shut, no environment, a heap cap, and, where the
 * server is root, a user that owns nothing. Node documents that model as no defence against malicious
 * code: this level is for code that is trusted as a colleague's is.
 *
 * Each flag closes a door that was found open: `node:sqlite` reads and writes any path under
 * `--permission`; SIGUSR1 opens an inspector; V8 flags turn off the bounds checks of WebAssembly.
 */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { GUEST_LOADER, readGuestCode } from './guest-code.ts'

/** nobody and nogroup, by custom of every Linux. */
const NOBODY = 65_534
/** Ties the guest's life to ours and forbids it to gain privileges, where util-linux is installed. */
const SETPRIV = '/usr/bin/setpriv'
const TIED = ['--pdeathsig', 'KILL', '--no-new-privs', '--']

export type Launch = {
  readonly command: string
  readonly args: readonly string[]
  readonly uid: number | null
}

export type Isolation = {
  readonly level: 'process'
  readonly because: string
  /** What a guest reads from its standard input before all else. */
  readonly guestCode: Uint8Array
  launch(memoryMb: number): Launch
}

/** Finds out once what this machine offers. */
export function probeIsolation(): Isolation {
  const drop = probeUser()
  const hasSetpriv = probeSetpriv()
  const because = [
    'Node permission model, no environment, no network but the tunnel',
    drop.because,
    hasSetpriv ? 'dies with the server' : 'setpriv is not installed: a busy guest outlives a crash',
    process.platform === 'linux' ? null : 'memory outside the heap is not watched on this platform',
  ]
  return {
    level: 'process',
    guestCode: readGuestCode(),
    because: because.filter((part) => part !== null).join('; '),
    launch(memoryMb) {
      const args = flags(memoryMb)
      const { execPath } = process
      return hasSetpriv
        ? { command: SETPRIV, args: [...TIED, execPath, ...args], uid: drop.uid }
        : { command: execPath, args, uid: drop.uid }
    },
  }
}

function flags(memoryMb: number): readonly string[] {
  return [
    '--permission',
    '--no-experimental-sqlite',
    '--no-addons',
    '--disable-sigusr1',
    '--freeze-flags-after-init',
    '--disable-proto=delete',
    '--disable-warning=ExperimentalWarning',
    `--max-old-space-size=${memoryMb}`,
    '--input-type=module',
    `--eval=${GUEST_LOADER}`,
  ]
}

function probeUser(): { uid: number | null; because: string | null } {
  if (process.getuid?.() !== 0) return { uid: null, because: 'same user as the server' }
  return isOpenToAll(process.execPath)
    ? { uid: NOBODY, because: `user ${NOBODY}` }
    : { uid: null, because: `still root: user ${NOBODY} may not run ${process.execPath}` }
}

/** Whether anybody may run the file and pass through every folder above it. */
function isOpenToAll(path: string): boolean {
  let current = resolve(path)
  if ((statSync(current).mode & 0o001) === 0) return false
  while (current !== dirname(current)) {
    current = dirname(current)
    if ((statSync(current).mode & 0o001) === 0) return false
  }
  return true
}

/** By trying: it may be missing, too old, or forbidden. */
function probeSetpriv(): boolean {
  const args = [...TIED, SETPRIV, '--version']
  return spawnSync(SETPRIV, args, { stdio: 'ignore', timeout: 5_000 }).status === 0
}
