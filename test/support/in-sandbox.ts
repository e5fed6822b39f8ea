/** Runs a command on a machine that is made to refuse something: as another user, or without namespaces. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { serverEnv } from './server-process.ts'

export const BWRAP = '/usr/bin/bwrap'
/** A reason to skip, or false. */
export const LACKS_BWRAP = existsSync(BWRAP) ? false : 'bubblewrap is not installed'

export type Ended = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Root becomes user 1000 first; who is another user already stays it. */
export function runAsUser(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
  filter: Uint8Array | null = null,
): Promise<Ended> {
  const [program, ...args] = command
  const user = process.getuid?.() === 0 ? { uid: 1_000, gid: 1_000 } : {}
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, {
      cwd: '/',
      env: serverEnv(env),
      stdio: ['ignore', 'pipe', 'pipe', 'ignore', filter ? 'pipe' : 'ignore'],
      ...user,
    })
    let stdout = ''
    let stderr = ''
    child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    if (filter) (child.stdio[4] as Socket).end(filter)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** In here no further user namespace is to be had, as where the sysctl says so. */
export const WITHOUT_NAMESPACES = `${BWRAP} --unshare-user --disable-userns --dev-bind / /`.split(
  ' ',
)

/** In here a filter refuses them, as Docker's does. To be run with `dockerFilter`. */
export const BEHIND_FILTER = [BWRAP, '--dev-bind', '/', '/', '--seccomp', '4'] as const

/** Refuses what makes user namespaces on x86-64: clone and unshare with CLONE_NEWUSER, clone3 altogether. */
export function dockerFilter(): Uint8Array {
  const program = [
    [0x20, 0, 0, 0],
    [0x15, 4, 0, 56],
    [0x15, 3, 0, 272],
    [0x15, 0, 1, 435],
    [0x06, 0, 0, 0x0005_0026],
    [0x06, 0, 0, 0x7fff_0000],
    [0x20, 0, 0, 16],
    [0x45, 0, 1, 0x1000_0000],
    [0x06, 0, 0, 0x0005_0001],
    [0x06, 0, 0, 0x7fff_0000],
  ] as const
  const bytes = Buffer.alloc(program.length * 8)
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8)
    bytes.writeUInt8(ifTrue, index * 8 + 2)
    bytes.writeUInt8(ifFalse, index * 8 + 3)
    bytes.writeUInt32LE(value, index * 8 + 4)
  }
  return bytes
}
