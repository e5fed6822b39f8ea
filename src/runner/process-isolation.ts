/**
 * Level `process`: Node's permission model, an empty environment, a heap cap, and another user where the
 * server is root.
 *
 * Each flag closes a door that was found open: `node:sqlite` reads and writes any path under
 * `--permission`; SIGUSR1 opens an inspector; V8 flags turn off the bounds checks of WebAssembly.
 */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { GUEST_LOADER, readGuestCode } from './guest-code.ts'
import type { Isolation } from './isolation.ts'

/** nobody and nogroup, by custom of every Linux. */
export const NOBODY = 65_534
/** Ties the guest's life to ours and forbids it to gain privileges, where util-linux is installed. */
const SETPRIV = '/usr/bin/setpriv'
const TIED = ['--pdeathsig', 'KILL', '--no-new-privs', '--']

export type ProcessIsolation = Isolation & {
  /** The user that guests run as; null for the server's own. */
  readonly uid: number | null
  /** Root that cannot become anybody else, for Node itself is out of others' reach. */
  readonly isHostRoot: boolean
}

/** What any machine offers. */
export function processIsolation(): ProcessIsolation {
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
    uid: drop.uid,
    isHostRoot: drop.isHostRoot,
    guestCode: readGuestCode(),
    because: because.filter((part) => part !== null).join('; '),
    closedTo: (path) => (drop.uid === null ? null : closedToOthers(path)),
    guestPid: (launchedPid) => launchedPid,
    launch(memoryMb, packages) {
      const args = [...guestFlags(memoryMb, packages), `--eval=${GUEST_LOADER}`]
      const { execPath } = process
      const [command, before] = hasSetpriv ? [SETPRIV, [...TIED, execPath]] : [execPath, []]
      return { command, args: [...before, ...args], uid: drop.uid, inputs: [] }
    },
  }
}

/** Node's own wall, the same at every level. */
export function guestFlags(memoryMb: number, packages: string | null): readonly string[] {
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
  ]
}

type User = { readonly uid: number | null; readonly isHostRoot: boolean; readonly because: string }

function probeUser(): User {
  const own = { uid: null, isHostRoot: false }
  if (process.getuid?.() !== 0) return { ...own, because: 'same user as the server' }
  if (closedToOthers(process.execPath) !== null) {
    const because = `still root: user ${NOBODY} may not run ${process.execPath}`
    return { uid: null, isHostRoot: true, because }
  }
  return canBeNobody()
    ? { ...own, uid: NOBODY, because: `user ${NOBODY}` }
    : { ...own, because: `still root: this container has no user ${NOBODY}` }
}

/** By trying: root of a user namespace may have no other users. */
function canBeNobody(): boolean {
  const options = { uid: NOBODY, gid: NOBODY, stdio: 'ignore', timeout: 10_000 } as const
  return spawnSync(process.execPath, ['--version'], options).status === 0
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
