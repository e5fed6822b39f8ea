/**
 * How a guest process is launched, and so what it can reach: nothing but its line and,
 * where its program has packages, their folder. Level
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
  /** `packages`: the one folder that it may read. */
  launch(memoryMb: number, packages: string | null): Launch
  /** The first folder on the way to `path`, or the path itself, that a guest may not pass. */
  closedTo(path: string): string | null
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
    closedTo: (path) => (drop.uid === null ? null : closedToOthers(path)),
    launch(memoryMb, packages) {
      const args = flags(memoryMb, packages)
      const { execPath } = process
      return hasSetpriv
        ? { command: SETPRIV, args: [...TIED, execPath, ...args], uid: drop.uid }
        : { command: execPath, args, uid: drop.uid }
    },
  }
}

function flags(memoryMb: number, packages: string | null): readonly string[] {
  return [
    '--permission',
    ...(packages === null ? [] : [`--allow-fs-read=${packages}`]),
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
  return closedToOthers(process.execPath) === null
    ? { uid: NOBODY, because: `user ${NOBODY}` }
    : { uid: null, because: `still root: user ${NOBODY} may not run ${process.execPath}` }
}

/** The path, or the nearest folder above it, that only its owner or group may run or pass. */
function closedToOthers(path: string): string | null {
  const current = resolve(path)
  if ((statSync(current).mode & 0o001) === 0) return current
  return current === dirname(current) ? null : closedToOthers(dirname(current))
}

/** By trying: it may be missing, too old, or forbidden. */
function probeSetpriv(): boolean {
  const args = [...TIED, SETPRIV, '--version']
  return spawnSync(SETPRIV, args, { stdio: 'ignore', timeout: 5_000 }).status === 0
}
