/**
 * Level `strict` (Linux): the guest's command inside bubblewrap, behind a system call filter and resource
 * limits. Each of these is the kernel's, and holds with Node's permission model taken away:
 *
 *   namespaces   no network but a loopback of its own, one visible process, a user without rights
 *   files        a read-only root of Node, the libraries it is linked with, and the program's packages
 *   calls        no sockets, no processes, and what seccomp.ts lists
 *   limits       memory, no writing of files, no core
 *
 * It is in force only where a process was really started in it and found every door shut.
 */
import { readFileSync } from 'node:fs'
import { GUEST_LOADER } from './guest-code.ts'
import type { Isolation } from './isolation.ts'
import { FIRST_INPUT_FD, killGroup, launchProcess } from './launch.ts'
import type { Launch } from './launch.ts'
import { explainMissing } from './missing-isolation.ts'
import type { ProbeFailure } from './missing-isolation.ts'
import { guestFlags, NOBODY } from './process-isolation.ts'
import type { ProcessIsolation } from './process-isolation.ts'
import { seccompFilter } from './seccomp.ts'

const BWRAP = '/usr/bin/bwrap'
const PRLIMIT = '/usr/bin/prlimit'
/** Where the guest finds Node: the server's own path is no business of it. */
const GUEST_NODE = '/node'
const DEVICES = ['/dev/null', '/dev/random', '/dev/urandom']
const PROBE_MS = 10_000
const PROBE_MEMORY_MB = 64

const MIB = 1024 * 1024
/** Private memory that Node maps before it runs anything: stacks of its threads, mostly never touched. */
const NODE_DATA_MB = 600
/** Above the heap: its young generation, compiled code, buffers. The watch of the server comes first. */
const DATA_SLACK_MB = 192

type Probed = { readonly isolation: Isolation } | { readonly missing: string }

/** Tries the sandbox. `missing` says in a few words what to change. */
export async function probeStrict(ordinary: ProcessIsolation): Promise<Probed> {
  if (process.platform !== 'linux') return { missing: 'it needs Linux' }
  const filter = seccompFilter(process.arch)
  if (!filter) return { missing: `there is no system call table for ${process.arch}` }
  if (ordinary.isHostRoot)
    return { missing: `user ${NOBODY} may not run ${process.execPath}, install Node where it may` }

  const enter = sandbox(filter, ordinary.uid)
  const failure = await tryOut(enter)
  if (failure) return { missing: explainMissing(failure) }
  return {
    isolation: {
      ...ordinary,
      level: 'strict',
      because: `bubblewrap, system call filter and resource limits of the kernel around the Node permission model; tried at the start`,
      guestPid: onlyChildOf,
      launch: (memoryMb, packages) =>
        enter(memoryMb, packages, [...guestFlags(memoryMb, packages), `--eval=${GUEST_LOADER}`]),
    },
  }
}

type Enter = (memoryMb: number, packages: string | null, nodeArgs: readonly string[]) => Launch

function sandbox(filter: Uint8Array, uid: number | null): Enter {
  const files = [process.execPath, ...linkedLibraries()]
  const root = [
    ...files.flatMap((path) => ['--ro-bind', path, path === process.execPath ? GUEST_NODE : path]),
    ...DEVICES.flatMap((path) => ['--dev-bind', path, path]),
    '--proc',
    '/proc',
  ]
  // The filter comes last: what sets the sandbox up needs calls that it refuses.
  const shut = ['--remount-ro', '/', '--seccomp', String(FIRST_INPUT_FD), '--', GUEST_NODE]
  return (memoryMb, packages, nodeArgs) => ({
    command: PRLIMIT,
    args: [
      ...resourceLimits(memoryMb),
      '--',
      BWRAP,
      ...NAMESPACES,
      ...root,
      ...(packages === null ? [] : ['--ro-bind', packages, packages]),
      ...shut,
      ...nodeArgs,
    ],
    uid,
    inputs: [filter],
  })
}

// The sandbox ends with bubblewrap, and bubblewrap with the server. In a session of its own the guest is in
// another group than the one that is killed, before it is tied to bubblewrap: hence `guestPid` when killing.
const NAMESPACES: readonly string[] = (
  '--unshare-all --unshare-user --disable-userns --cap-drop ALL ' +
  '--die-with-parent --as-pid-1 --new-session ' +
  `--uid ${NOBODY} --gid ${NOBODY} --hostname sandbox --setenv HOME / --chdir /`
).split(' ')

function resourceLimits(memoryMb: number): readonly string[] {
  const dataBytes = (NODE_DATA_MB + DATA_SLACK_MB + memoryMb) * MIB
  return [`--data=${dataBytes}`, '--core=0', '--nofile=256', '--fsize=0', '--memlock=0']
}

/** What the dynamic linker loaded for this very Node, at the paths where it will look again. */
function linkedLibraries(): readonly string[] {
  const report = process.report as unknown as {
    excludeNetwork: boolean
    getReport(): { readonly sharedObjects: readonly string[] }
  }
  const { excludeNetwork } = report
  // Else the report looks up the name of every peer.
  report.excludeNetwork = true
  const { sharedObjects } = report.getReport()
  report.excludeNetwork = excludeNetwork
  return sharedObjects.filter((path) => path.startsWith('/') && path !== process.execPath)
}

/** bubblewrap waits outside for its one child, which executed Node. */
function onlyChildOf(launchedPid: number): number | null {
  try {
    const children = readFileSync(`/proc/${launchedPid}/task/${launchedPid}/children`, 'latin1')
    return Number.parseInt(children, 10) || null
  } catch {
    return null // It has just ended, or this kernel does not list children: RLIMIT_DATA still holds.
  }
}

/** Tries every kind of door from inside, without Node's permission model, and says which were open. */
const PROBE = `
const fs = require('fs'), open = []
const shut = (door, pass) => { try { pass() } catch { return } open.push(door) }
if (process.pid !== 1) open.push('other processes')
shut('the folders of the machine', () => fs.readdirSync('/etc'))
shut('writing', () => fs.writeFileSync('/written', ''))
shut('writing to devices', () => fs.writeFileSync('/dev/written', ''))
shut('child processes', () => { const { error } = require('child_process').spawnSync('${GUEST_NODE}', ['--version']); if (error) throw error })
shut('the network', () => { for (const name in require('os').networkInterfaces()) if (name !== 'lo') return; throw 0 })
require('net').createServer().on('error', () => tell()).listen(0, '127.0.0.1', () => { open.push('sockets'); tell() })
const tell = () => { fs.writeSync(1, JSON.stringify(open)); process.exit() }
`

async function tryOut(enter: Enter): Promise<ProbeFailure | null> {
  const flags = guestFlags(PROBE_MEMORY_MB, null).filter(
    (flag) => flag !== '--permission' && !flag.startsWith('--input-type'),
  )
  const launch = enter(PROBE_MEMORY_MB, null, [...flags, `--eval=${PROBE}`])
  const { stdout, stderr, absent } = await runToEnd(launch)
  try {
    const open = JSON.parse(stdout) as readonly string[]
    return open.length === 0 ? null : { absent, stderr, open }
  } catch {
    return { absent, stderr, open: [] }
  }
}

function runToEnd(launch: Launch) {
  return new Promise<{ stdout: string; stderr: string; absent: string | null }>((resolve) => {
    const child = launchProcess(launch, new Uint8Array(0))
    const late = setTimeout(() => killGroup(child, onlyChildOf), PROBE_MS)
    let stdout = ''
    let stderr = ''
    child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('error', () => resolve({ stdout: '', stderr: '', absent: launch.command }))
    child.on('close', () => {
      clearTimeout(late)
      resolve({ stdout, stderr, absent: null })
    })
  })
}
