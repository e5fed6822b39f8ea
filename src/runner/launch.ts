/**
 * Starts a process of a guest: with an empty environment, in a group of its own that can be killed as a
 * whole, its line to this server at descriptor 3.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'

export type Launch = {
  readonly command: string
  readonly args: readonly string[]
  readonly uid: number | null
  /** What it finds to read at its descriptors 4 and up, one after the other. */
  readonly inputs: readonly Uint8Array[]
}

const LINE_FD = 3
export const FIRST_INPUT_FD = LINE_FD + 1

/** `stdin` is all that it reads there. Throws when the system has no place for another process. */
export function launchProcess(launch: Launch, stdin: Uint8Array): ChildProcess {
  const { command, args, uid, inputs } = launch
  const pipes = inputs.map(() => 'pipe' as const)
  const child = spawn(command, args, {
    cwd: '/',
    env: { TZ: 'UTC', LANG: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...pipes],
    detached: true,
    ...(uid === null ? {} : { uid, gid: uid }),
  })
  // Heard again by whoever watches it; without any listener, a refusal of the system would end the server.
  child.on('error', () => {})
  write(child.stdin as Socket, stdin)
  for (const [index, input] of inputs.entries())
    write(child.stdio[FIRST_INPUT_FD + index] as Socket, input)
  return child
}

/** Kills the process and whatever it might have started; first the one in it that is in a group of its own. */
export function killGroup(
  { pid, exitCode, signalCode }: ChildProcess,
  guestPid: (launchedPid: number) => number | null = () => null,
): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  const guest = guestPid(pid)
  if (guest !== null && guest !== pid) kill(guest)
  kill(-pid)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // Gone between the check and the call.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function write(pipe: Socket, bytes: Uint8Array): void {
  // One that dies while it starts is told of by its end, not by its input.
  pipe.on('error', () => {})
  pipe.end(bytes)
}
