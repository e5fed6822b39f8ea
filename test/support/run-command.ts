/** A command as users type it, through the launcher, in a process of its own. */
import { execFile } from 'node:child_process'
import { LAUNCHER, ROOT, serverEnv } from './server-process.ts'

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string }

export function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [LAUNCHER, ...args],
      { cwd: ROOT, env: serverEnv(env) },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
      },
    )
  })
}
