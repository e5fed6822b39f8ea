/**
 * The packages that steps import. They are resolved and installed when a version is saved, and pinned with
 * it: a version runs with the same files for ever. Steps that import what the version before imported keep
 * its pins; only a package whose range has changed, or that is new, is resolved anew.
 *
 * A set of packages is a folder named by the hash of its lock, shared by all who need the same. The lock is
 * kept in the store, so a set that is not on this disk (a restored backup, another machine) is installed
 * again, file for file, when a version first runs.
 *
 * Invariant: one set is installed at a time, whoever asks.
 */
import { existsSync } from 'node:fs'
import { chmod, mkdir, realpath, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import type { PinnedPackages, SavedDefinition, Step } from '../model/workflow.ts'
import type { Service } from '../service.ts'
import type { Store } from '../store/store.ts'
import { packagesOf } from './compile.ts'
import type { WantedPackage } from './compile.ts'
import type { Installed } from './install/job.ts'
import type { Installer } from './installer.ts'

type Deps = {
  readonly store: Pick<Store, 'keepPackageSet' | 'findPackageSet'>
  readonly clock: Clock
  readonly install: Installer
  /** The folder on the way to a path that user code may not pass; null where it may read the path. */
  readonly closedToGuests: (path: string) => string | null
}

/** What steps were saved with, as far as packages are concerned. */
export type Before = Pick<SavedDefinition, 'steps' | 'packages'>

type Ranges = ReadonlyMap<string, string>
type Remembered = { readonly packages: PinnedPackages; readonly atMs: number }

const NONE: Ranges = new Map()

export class Packages implements Service {
  readonly #deps: Deps
  readonly #given: string
  #folder = ''
  /** What was resolved lately: a save takes what the test before it ran with. */
  readonly #remembered = new Map<string, Remembered>()
  readonly #stopping = new AbortController()
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** `folder` is made at the start, within the folder of data. */
  constructor(deps: Deps, folder: string) {
    this.#deps = deps
    this.#given = folder
  }

  /**
   * Where user code runs as a user of its own, the folder of data lets others pass, though not look: the
   * files in it are for their owner alone, and only the sets are for everybody to read.
   */
  async start(): Promise<void> {
    await mkdir(this.#given, { recursive: true, mode: 0o711 })
    this.#folder = await realpath(this.#given)
    const data = dirname(this.#folder)
    if (this.#deps.closedToGuests(this.#folder) === data) await chmod(data, 0o711)
    await rm(join(this.#folder, '.staging'), { recursive: true, force: true })
  }

  /** Ends the installation that is under way; who waits for it is told `draining`. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#last
  }

  /**
   * The packages that these steps import, installed; null if there are none. `tell` hears how far it is.
   * Fails with `step_invalid`, `package_unavailable` (with the place of the import, where one is to
   * blame), `registry_unreachable` or `overloaded`.
   */
  async prepare(
    steps: readonly Step[],
    before: Before | null,
    tell: (text: string) => void = () => {},
  ): Promise<PinnedPackages | null> {
    const wanted = packagesOf(steps)
    if (wanted.size === 0) return null
    if (wanted.size > limits.packagesPerWorkflow) {
      const reason = `it imports ${wanted.size} packages, the limit is ${limits.packagesPerWorkflow}`
      throw new AppError('workflow_invalid', { reason })
    }
    const ranges = rangesOf(wanted)
    const packages = before?.packages ?? null
    const old = packages ? rangesBefore(before!.steps) : NONE
    if (packages && isSame(old, ranges)) return packages
    const key = JSON.stringify([...ranges, packages?.hash])
    const recalled = this.#recall(key)
    if (recalled) return recalled
    if (this.#waiting > 0) tell('Waiting for packages of others to be installed')
    return await this.#inTurn(() => this.#resolve(key, ranges, old, packages, tell)).catch(
      (error: unknown) => {
        throw placed(error, wanted)
      },
    )
  }

  /** The folder of a set, which is installed again if it is not there. Fails as `prepare` does. */
  async folderOf(packages: PinnedPackages): Promise<string> {
    const folder = join(this.#folder, packages.hash)
    if (!existsSync(folder)) await this.#inTurn(() => this.#restore(packages))
    return folder
  }

  async #resolve(
    key: string,
    ranges: Ranges,
    old: Ranges,
    before: PinnedPackages | null,
    tell: (text: string) => void,
  ): Promise<PinnedPackages> {
    const recalled = this.#recall(key)
    if (recalled) return recalled
    const lock = before && ((await this.#deps.store.findPackageSet(before.hash)) ?? null)
    const changed = (name: string): boolean => old.has(name) && old.get(name) !== ranges.get(name)
    const renew = lock === null ? [] : [...ranges.keys()].filter(changed)
    const installed = await this.#install(ranges, lock, renew, tell)
    await this.#deps.store.keepPackageSet(installed.hash, installed.lock)
    const packages = { hash: installed.hash, versions: installed.versions }
    this.#remember(key, packages)
    return packages
  }

  async #restore({ hash, versions }: PinnedPackages): Promise<void> {
    if (existsSync(join(this.#folder, hash))) return
    const lock = await this.#deps.store.findPackageSet(hash)
    const names = Object.keys(versions).join(', ')
    if (lock === undefined) {
      throw new AppError('package_unavailable', {
        name: names,
        reason: 'its lock is not on record',
      })
    }
    const installed = await this.#install(rangesOfLock(lock), lock, [], () => {})
    if (installed.hash !== hash) {
      const reason = 'the registry no longer has the versions that were pinned'
      throw new AppError('package_unavailable', { name: names, reason })
    }
  }

  async #install(
    ranges: Ranges,
    lock: string | null,
    renew: readonly string[],
    tell: (text: string) => void,
  ): Promise<Installed> {
    const names = [...ranges.keys()].join(', ')
    const closed = this.#deps.closedToGuests(this.#folder)
    if (closed !== null) {
      const reason = `user code could not read it, as ${closed} lets no other users pass: chmod o+x it, or choose another SENDOFF_DATA`
      throw new AppError('package_unavailable', { name: names, reason })
    }
    const stage = Buffer.from(this.#deps.clock.randomBytes(9)).toString('base64url')
    const job = { folder: this.#folder, stage, ranges: Object.fromEntries(ranges), lock, renew }
    return await this.#deps.install(job, tell, this.#stopping.signal)
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.#stopping.signal.aborted) throw new AppError('draining')
    if (this.#waiting >= limits.packageInstallsWaiting) {
      throw new AppError('overloaded', { what: 'the queue of packages to install' })
    }
    this.#waiting++
    const turn = this.#last.then(action).finally(() => this.#waiting--)
    this.#last = turn.catch(() => {}) // Told to whoever asked; the next one's turn comes all the same.
    return turn
  }

  #recall(key: string): PinnedPackages | undefined {
    const found = this.#remembered.get(key)
    const isFresh =
      found && this.#deps.clock.monotonicMs() - found.atMs < limits.packagesRememberedMs
    return isFresh ? found.packages : undefined
  }

  #remember(key: string, packages: PinnedPackages): void {
    const atMs = this.#deps.clock.monotonicMs()
    for (const [other, { atMs: then }] of this.#remembered) {
      if (atMs - then >= limits.packagesRememberedMs) this.#remembered.delete(other)
    }
    this.#remembered.set(key, { packages, atMs })
  }
}

function isSame(a: Ranges, b: Ranges): boolean {
  return a.size === b.size && [...a].every(([name, range]) => b.get(name) === range)
}

const rangesOf = (wanted: ReadonlyMap<string, WantedPackage>): Ranges =>
  new Map([...wanted].map(([name, { range }]) => [name, range]))

/** A failure of a package that a step names, with the place where it does. */
function placed(error: unknown, wanted: ReadonlyMap<string, WantedPackage>): unknown {
  if (!(error instanceof AppError) || error.code !== 'package_unavailable') return error
  const { name, reason } = error.values
  const found = wanted.get(String(name))
  if (!found) return error
  const { step, line, column } = found
  const where = `${reason} (step ${step}, line ${line}, column ${column})`
  const values = { name: String(name), reason: where, step, line, column }
  return new AppError('package_unavailable', values, { cause: error })
}

/** Steps that no longer compile have pins, but nothing to compare with. */
function rangesBefore(steps: readonly Step[]): Ranges {
  try {
    return rangesOf(packagesOf(steps))
  } catch (error) {
    if (error instanceof AppError) return NONE
    throw error
  }
}

function rangesOfLock(lock: string): Ranges {
  const { packages } = JSON.parse(lock) as {
    packages: Record<string, { dependencies?: Record<string, string> }>
  }
  return new Map(Object.entries(packages['']?.dependencies ?? {}))
}
