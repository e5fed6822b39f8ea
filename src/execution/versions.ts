/**
 * The versions that events run on, compiled and kept. A version never changes, so nothing here is ever
 * invalidated; the least recently used leave when there are too many.
 */
import { AppError } from '../errors.ts'
import type { QueuedEvent } from '../model/event.ts'
import type { Definition, Step } from '../model/workflow.ts'
import type { Program } from '../runner/runner.ts'
import type { Store } from '../store/store.ts'
import { compileProgram } from './compile.ts'

const KEPT_VERSIONS = 1_000

export type RunnableVersion = Definition & { readonly kind: 'runnable'; readonly program: Program }

/** A version that cannot be run, with the reason to show. */
export type MisfitVersion = Definition & { readonly kind: 'misfit'; readonly because: string }

export type LoadedVersion = RunnableVersion | MisfitVersion

type Deps = { readonly store: Pick<Store, 'findVersion'> }

export class Versions {
  readonly #store: Deps['store']
  readonly #kept = new Map<string, Promise<LoadedVersion>>()

  constructor(deps: Deps) {
    this.#store = deps.store
  }

  /** The version an event runs on: with the unsaved steps of a test in place of its own. */
  async load(event: QueuedEvent): Promise<LoadedVersion> {
    const saved = await this.#saved(event)
    return event.steps ? load({ ...saved, steps: event.steps }, event.id) : saved
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
      const found = await this.#store.findVersion(accountId, workflowId, version)
      if (!found) throw new AppError('not_found', { noun: 'version', id: identity })
      return load(found, identity)
    } catch (error) {
      this.#kept.delete(identity)
      throw error
    }
  }
}

/** Compiles a definition under `identity`; what does not compile becomes a misfit, not a rejection. */
function load(definition: Definition, identity: string): LoadedVersion {
  const { name, settings } = definition
  const steps: readonly Step[] = definition.steps
  try {
    const program = compileProgram({ steps }, identity)
    return { kind: 'runnable', name, steps, settings, program }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { kind: 'misfit', name, steps, settings, because: error.message }
  }
}
