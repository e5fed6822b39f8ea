/**
 * Deletes package sets that nobody needs: no version that can still run names them, and nobody has asked for
 * them for an hour. These are the sets of workflows that were deleted, of tests, and of saves that came to
 * nothing.
 *
 * Invariant: a set that may still be run with stays; it is moved aside whole before anything in it goes, so what
 * is found under its name is complete.
 */
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { limits } from '../model/limits.ts'
import type { Service } from '../service.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'

type Deps = {
  readonly store: Pick<Store, 'dropPackageSets'>
  readonly clock: Clock
  readonly log: Pick<Log, 'error'>
}

const PERIOD_MS = 60 * 60 * 1000
const SET = /^[\da-f]{64}$/

export class PackageCollector implements Service {
  readonly #deps: Deps
  readonly #folder: string
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(deps: Deps, folder: string) {
    this.#deps = deps
    this.#folder = folder
  }

  /** Collects once, and then every hour; nobody waits for it. */
  async start(): Promise<void> {
    const collect = (): void => {
      this.#running = collectPackages(this.#deps, this.#folder).catch((error: unknown) =>
        this.#deps.log.error('package sets were not collected', { error }),
      )
    }
    this.#timer = setInterval(collect, PERIOD_MS)
    collect()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }
}

/** One collection. What it cannot finish, the next one does. */
export async function collectPackages(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  folder: string,
): Promise<void> {
  const before = clock.nowMs() - limits.packagesUnusedMs
  const kept = new Set(await store.dropPackageSets(before))
  const sets = (await readdir(folder)).filter((name) => SET.test(name) && !kept.has(name))
  for (const name of sets) {
    const set = join(folder, name)
    // Installed, but not on record yet: whoever asked for it is about to say so.
    if ((await stat(set)).ctimeMs < before) await discard(set, join(folder, '.staging', name))
  }
}

async function discard(set: string, aside: string): Promise<void> {
  await mkdir(join(aside, '..'), { recursive: true })
  await chmod(set, 0o755)
  await rename(set, aside)
  for (const entry of await readdir(aside, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755)
  }
  await rm(aside, { recursive: true, force: true })
}
