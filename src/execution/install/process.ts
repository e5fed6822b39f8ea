/**
 * Entry of the process that installs packages. It may read Sendoff's own code and write the folder of
 * package sets, start nothing, and has no secrets but those of the registry, which come with its job.
 *
 * Invariant: it does not outlive the server: when its input ends, so does it.
 */
import { createInterface } from 'node:readline'
import { failureOf } from './failure.ts'
import { install } from './install.ts'
import type { InstallJob, InstallMessage } from './job.ts'

process.umask(0o022)
createInterface({ input: process.stdin })
  .once('line', (line) => void work(JSON.parse(line) as InstallJob))
  .once('close', () => process.exit(1))

async function work(job: InstallJob): Promise<void> {
  const last = await install(job, (text) => tell({ kind: 'progress', text })).then(
    (installed): InstallMessage => ({ kind: 'done', installed }),
    (error: unknown): InstallMessage => {
      if (error instanceof Error) process.stderr.write(`${error.stack}\n`)
      return { kind: 'failed', failure: failureOf(error, Object.keys(job.ranges)) }
    },
  )
  tell(last, () => process.exit(0))
}

function tell(message: InstallMessage, written?: () => void): void {
  process.stdout.write(`${JSON.stringify(message)}\n`, written)
}
