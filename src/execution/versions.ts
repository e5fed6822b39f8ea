/**
 * The versions that events run on, compiled and kept. A version never changes, so nothing here is ever
 * invalidated but what could not be run for a reason that may pass; the least recently used leave when
 * there are too many.
 */
import { AppError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { QueuedEvent } from '../model/event.ts'
import type { PinnedPackages, SavedDefinition } from '../model/workflow.ts'
import type { Program } from '../runner/runner.ts'
import type { Store } from '../store/store.ts'
import { compileProgram } from './compile.ts'
import type { Packages } from './packages.ts'

const KEPT_VERSIONS = 1_000

export type RunnableVersion = SavedDefinition & {
  readonly kind: 'runnable'
  readonly program: Program
}

/** A version that cannot be run, with the reason to show. */
export type MisfitVersion = SavedDefinition & {
  readonly kind: 'misfit'
  readonly because: string
  /** How long it is held to be one; then it is tried again. */
  readonly keptMs: number
}

export type LoadedVersion = RunnableVersion | MisfitVersion

type Deps = {
  readonly store: Pick<Store, 'findVersion'>
  readonly packages: Pick<Packages, 'prepare' | 'folderOf'>
}

/** What the event can wait for is thrown on. */
const MISFITS = new Set([
  'step_invalid',
  'workflow_invalid',
  'package_unavailable',
  'registry_unreachable',
])

/** A set that could not be installed may be by and by: the disk was full, or the machine too busy. */
const KEPT_MISFITS_MS: Partial<Record<ErrorCode, number>> = {
  registry_unreachable: 0,
  package_unavailable: 60_000,
}

export class Versions {
  readonly #deps: Deps
  readonly #kept = new Map<string, Promise<LoadedVersion>>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** The version an event runs on: with the unsaved steps of a test in place of its own. */
  async load(event: QueuedEvent): Promise<LoadedVersion> {
    const saved = await this.#saved(event)
    if (!event.steps) return saved
    const { name, settings } = saved
    const unsaved = { name, settings, steps: event.steps, packages: null }
    return this.#fit(unsaved, event.id, () => this.#deps.packages.prepare(unsaved.steps, saved))
  }

  #saved(event: QueuedEvent): Promise<LoadedVersion> {
    const { accountId, workflowId, version } = event
    const identity = `${workflowId}@${version}`
    const kept = this.#kept.get(identity) ?? this.#read(accountId, workflowId, version, identity)
    this.#kept.delete(identity) // re-inserted: a Map remembers the order of use
    this.#kept.set(identity, kept)
    if (this.#kept.size > KEPT_VERSIONS) this.#kept.delete(this.#kept.keys().next().value!)
    return kept
  }

  async #read(
    accountId: number,
    workflowId: string,
    version: number,
    identity: string,
  ): Promise<LoadedVersion> {
    try {
      const found = await this.#deps.store.findVersion(accountId, workflowId, version)
      if (!found) throw new AppError('not_found', { noun: 'version', id: identity })
      const { name, steps, settings, packages } = found
      const saved = { name, steps, settings, packages }
      const loaded = await this.#fit(saved, identity, async () => packages)
      if (loaded.kind === 'misfit') this.#forgetIn(loaded.keptMs, identity)
      return loaded
    } catch (error) {
      this.#kept.delete(identity)
      throw error
    }
  }

  #forgetIn(ms: number, identity: string): void {
    if (ms === 0) this.#kept.delete(identity)
    else if (ms < Infinity) setTimeout(() => this.#kept.delete(identity), ms).unref()
  }

  /** Compiles a definition under `identity`; what does not fit becomes a misfit, not a rejection. */
  async #fit(
    definition: SavedDefinition,
    identity: string,
    pin: () => Promise<PinnedPackages | null>,
  ): Promise<LoadedVersion> {
    try {
      const packages = await pin()
      const folder = packages && (await this.#deps.packages.folderOf(packages))
      const program = compileProgram(definition, identity, folder)
      return { ...definition, packages, kind: 'runnable', program }
    } catch (error) {
      if (!(error instanceof AppError && MISFITS.has(error.code))) throw error
      const keptMs = KEPT_MISFITS_MS[error.code] ?? Infinity
      return { ...definition, kind: 'misfit', because: error.message, keptMs }
    }
  }
}
