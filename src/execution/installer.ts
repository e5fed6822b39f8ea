/**
 * Starts the process that installs packages, one for each job, and holds it to its bounds. It runs under
 * Node's permission model: it reads Sendoff's code, writes the folder of package sets, and can start no
 * process and load no addon. Its environment is what reaching the registry takes.
 */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import type { Installed, InstallJob, InstallMessage } from './install/job.ts'
import type { NpmSettings } from './npm-settings.ts'

export type Installer = (
  job: Omit<InstallJob, 'npm'>,
  tell: (text: string) => void,
  signal: AbortSignal,
) => Promise<Installed>

const ENTRY = fileURLToPath(
  new URL(`./install/process${extname(import.meta.url)}`, import.meta.url),
)
/** Far above a lock: what says more than this has gone wrong. */
const OUTPUT_BYTES = 2 * limits.packageLockBytes

/**
 * Makes the installer. It fails with `package_unavailable`, naming the package, or `registry_unreachable`;
 * with `draining` when the signal says so.
 */
export function createInstaller(readSettings: () => NpmSettings, entry = ENTRY): Installer {
  return (job, tell, signal) =>
    new Promise((resolve, reject) => {
      const names = Object.keys(job.ranges).join(', ')
      const fail = (reason: string): void =>
        reject(new AppError('package_unavailable', { name: names, reason }))
      const { options, environment } = readSettings()
      const child = spawn(process.execPath, [...flags(job.folder), entry], {
        cwd: job.folder,
        env: { TZ: 'UTC', LANG: 'C.UTF-8', ...environment },
        stdio: ['pipe', 'pipe', 'pipe'],
      })
      const timer = setTimeout(() => {
        fail(`it took over ${limits.packageInstallMs / 1_000} s`)
        child.kill('SIGKILL')
      }, limits.packageInstallMs)
      const drain = (): void => {
        reject(new AppError('draining'))
        child.kill('SIGKILL')
      }
      signal.addEventListener('abort', drain)
      if (signal.aborted) drain()

      let said = ''
      let bytes = 0
      const count = (chunk: Buffer): void => {
        bytes += chunk.length
        if (bytes <= OUTPUT_BYTES) return
        fail('the installing process said more than anybody will read')
        child.kill('SIGKILL')
      }
      child.stdout.on('data', count)
      child.stderr.on('data', (chunk: Buffer) => {
        count(chunk)
        said = (said + chunk.toString()).slice(-2_048)
      })
      createInterface({ input: child.stdout }).on('line', (line) => {
        const message = messageIn(line)
        if (!message) return
        if (message.kind === 'progress') tell(message.text)
        else if (message.kind === 'failed') reject(refusalOf(message))
        else if (message.installed.lock.length > limits.packageLockBytes) fail('it needs too much')
        else resolve(message.installed)
      })
      child.stdin.on('error', () => {}) // One that dies early is told of by its end.
      child.stdin.write(`${JSON.stringify({ ...job, npm: options })}\n`)
      child.on('error', (error) => fail(error.message))
      child.on('close', (code, killed) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', drain)
        // After an answer this changes nothing.
        fail(`the installing process ended with ${killed ?? code}: ${said.trim() || 'no word'}`)
      })
    })
}

/** Undefined for half a line, of a process that was killed while it spoke: its end is told by itself. */
function messageIn(line: string): InstallMessage | undefined {
  try {
    return JSON.parse(line) as InstallMessage
  } catch {
    return undefined
  }
}

function refusalOf({ failure }: Extract<InstallMessage, { kind: 'failed' }>): AppError {
  const { kind, ...values } = failure
  return new AppError(kind === 'registry' ? 'registry_unreachable' : 'package_unavailable', values)
}

function flags(folder: string): readonly string[] {
  const arborist = createRequire(import.meta.url).resolve('@npmcli/arborist')
  const modules = arborist.slice(0, arborist.lastIndexOf('/node_modules/') + '/node_modules'.length)
  const own = fileURLToPath(new URL('../', import.meta.url))
  const manifest = fileURLToPath(new URL('../../package.json', import.meta.url))
  return [
    '--permission',
    '--allow-net',
    ...[own, manifest, modules, folder].map((path) => `--allow-fs-read=${path}`),
    `--allow-fs-write=${folder}`,
    '--no-addons',
    '--disable-sigusr1',
    '--disable-warning=ExperimentalWarning',
    '--max-old-space-size=512',
  ]
}
