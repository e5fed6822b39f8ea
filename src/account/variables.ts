/**
 * The accounts' variables: set by name, never given back by the API, opened for the runs that they are
 * given to and for the mask of all that is shown. What is opened is kept in memory until a hint says
 * that it changed; a lost hint costs `variablesCacheMs`.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import { createMasks } from '../model/redact-values.ts'
import type { Masks } from '../model/redact-values.ts'
import { variableNameFault, variableValueFault } from '../model/variable.ts'
import type { Environment } from '../model/variable.ts'
import type { Notifier } from '../notifier/notifier.ts'
import type { Service } from '../service.ts'
import type { DefinitionStore } from '../store/store.ts'
import type { OpenKey } from './secret-key.ts'

type Deps = {
  readonly store: Pick<DefinitionStore, 'putVariable' | 'deleteVariable' | 'listVariables'>
  readonly key: OpenKey
  readonly notifier: Pick<Notifier, 'publish' | 'subscribe'>
  readonly clock: Pick<Clock, 'monotonicMs'>
}

export type VariableName = { readonly name: string; readonly updatedAt: number }

type Kept = { readonly environment: Promise<Environment>; readonly expiresAt: number }

export class Variables implements Service {
  readonly #deps: Deps
  readonly #kept = new Map<number, Kept>()
  readonly #made = new Map<number, { readonly secrets: readonly string[]; readonly masks: Masks }>()
  #leave: (() => void) | undefined

  constructor(deps: Deps) {
    this.#deps = deps
  }

  async start(): Promise<void> {
    this.#leave = this.#deps.notifier.subscribe((hint) => {
      if (hint.kind === 'env') this.#kept.delete(hint.accountId)
    })
  }

  async stop(): Promise<void> {
    this.#leave?.()
    this.#kept.clear()
    this.#made.clear()
  }

  /** What is set, by name. */
  async list(accountId: number): Promise<readonly VariableName[]> {
    const all = await this.#deps.store.listVariables(accountId)
    return all.filter(({ retired }) => !retired).map(({ name, updatedAt }) => ({ name, updatedAt }))
  }

  /** Rejects with `invalid_request`, and `conflict` when there are as many as may be. */
  async set(accountId: number, name: string, value: string): Promise<void> {
    const fault = variableNameFault(name) ?? variableValueFault(value)
    if (fault !== undefined) throw new AppError('invalid_request', { reason: fault })
    const sealed = this.#deps.key.box.seal(value, aboutOf(accountId, name))
    await this.#deps.store.putVariable(accountId, name, sealed)
    this.#changed(accountId)
  }

  /** False when there is none of the name. */
  async remove(accountId: number, name: string): Promise<boolean> {
    const removed = await this.#deps.store.deleteVariable(accountId, name)
    this.#changed(accountId)
    return removed
  }

  /** What runs of the account are given. Rejects with `variable_unreadable`, and as the store does. */
  of(accountId: number): Promise<Environment> {
    const now = this.#deps.clock.monotonicMs()
    const kept = this.#kept.get(accountId)
    if (kept && now < kept.expiresAt) return kept.environment
    const environment = this.#read(accountId)
    const entry = { environment, expiresAt: now + limits.variablesCacheMs }
    this.#kept.set(accountId, entry)
    environment.catch(() => {
      if (this.#kept.get(accountId) === entry) this.#kept.delete(accountId)
    })
    return environment
  }

  async #read(accountId: number): Promise<Environment> {
    const all = await this.#deps.store.listVariables(accountId)
    const values: Record<string, string> = Object.create(null) as {}
    const secrets: string[] = []
    for (const { name, sealed, retired } of all) {
      const value = this.#deps.key.box.open(sealed, aboutOf(accountId, name))
      if (value !== undefined) secrets.push(value)
      else if (!retired) throw new AppError('variable_unreadable', { name })
      if (!retired) values[name] = value!
    }
    const masks = this.#masksOf(accountId, secrets)
    return { values, mask: masks.text, masks, secrets }
  }

  /** Making masks takes far longer than comparing what they are made of, and they are asked for often. */
  #masksOf(accountId: number, secrets: readonly string[]): Masks {
    const made = this.#made.get(accountId)
    if (made && isDeepStrictEqual(made.secrets, secrets)) return made.masks
    const masks = createMasks(secrets)
    this.#made.set(accountId, { secrets, masks })
    return masks
  }

  #changed(accountId: number): void {
    this.#kept.delete(accountId)
    this.#deps.notifier.publish({ kind: 'env', accountId })
  }
}

const aboutOf = (accountId: number, name: string): string => `variable|${accountId}|${name}`
