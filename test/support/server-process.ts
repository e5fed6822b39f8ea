/** A server as users start it: a process of its own, through the launcher, to signal and to kill. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { TestContext } from 'node:test'

export const ROOT = resolve(import.meta.dirname, '../..')
export const LAUNCHER = resolve(ROOT, 'bin/sendoff.cjs')
/** The server itself, on the Node that runs the tests: a signal to it passes through nobody. */
const WITHOUT_LAUNCHER = ['--disable-sigusr1', resolve(ROOT, 'src/main.ts')]

export type ServerProcess = {
  readonly child: ChildProcess
  readonly url: string
  readonly output: () => string
  /** Ends it as a crash would, and waits until its port is free. */
  kill(): Promise<void>
  /** SIGTERM; resolves to the exit code. */
  terminate(): Promise<number | null>
}

/** Environment of a server under test; nothing of this process's own settings leaks in. */
export function serverEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env }
}

/** Starts `sendoff serve` through the launcher and resolves once it says where it listens. */
export const startServer = (
  t: TestContext,
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> => start(t, [LAUNCHER], env)

/** The same without the launcher, for what must hit the server itself. */
export const startServerAlone = (
  t: TestContext,
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> => start(t, WITHOUT_LAUNCHER, env)

async function start(
  t: TestContext,
  program: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...program, 'serve'], {
    cwd: ROOT,
    // Trying the stricter isolation takes each start a while: tests that mean it ask for it.
    env: serverEnv({
      SENDOFF_PORT: '0',
      SENDOFF_EGRESS_ALLOW: '127.0.0.0/8',
      SENDOFF_ISOLATION: 'process',
      ...env,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => (output += String(chunk)))
  const exited = once(child, 'exit')
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exited
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += String(chunk)
      const match = /listens on (http:\S+)/.exec(output)
      if (match) resolve(match[1]!)
    })
    void exited.then(([code]) => reject(new Error(`The server ended with ${code}: ${output}`)))
  })
  return {
    child,
    url,
    output: () => output,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async terminate() {
      child.kill('SIGTERM')
      const [code] = await exited
      return code as number | null
    },
  }
}
