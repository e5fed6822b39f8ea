/**
 * The masks of the accounts, as the delivery thread has them: the values are asked of whoever may open
 * secrets, and stay in memory. A hint that one changed makes the next attempt ask; a hint that was lost
 * costs `variablesCacheMs`, and never a wait: meanwhile what was known last is used.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock.ts'
import { limits } from '../model/limits.ts'
import { createMasks } from '../model/redact-values.ts'
import type { Masks } from '../model/redact-values.ts'

type Deps = {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** All values that the account has, or had, as far as they are remembered. */
  readonly ask: (accountId: number) => Promise<readonly string[]>
}

type Kept = {
  readonly asked: Promise<Masks>
  /** What was known last; undefined until the first answer. */
  masks: Masks | undefined
  values: readonly string[]
  readonly askedAt: number
}

/** What is older than this is not used at all. */
const STALE_MS = 10 * limits.variablesCacheMs
/** Accounts that are remembered. */
const KEPT = 1_000

export class AccountMasks {
  readonly #deps: Deps
  readonly #kept = new Map<number, Kept>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** At once, where they are known. Rejects as `ask` does. */
  of(accountId: number): Masks | Promise<Masks> {
    const kept = this.#kept.get(accountId)
    if (!kept) return this.#ask(accountId, undefined)
    const age = this.#deps.clock.monotonicMs() - kept.askedAt
    if (age < limits.variablesCacheMs) return kept.masks ?? kept.asked
    const asked = this.#ask(accountId, kept)
    if (!kept.masks || age > STALE_MS) return asked
    asked.catch(() => undefined) // whoever comes next asks again, and is told
    return kept.masks
  }

  forget(accountId: number): void {
    this.#kept.delete(accountId)
  }

  #ask(accountId: number, before: Kept | undefined): Promise<Masks> {
    const asked = this.#deps.ask(accountId).then((values) => {
      const isSame = before?.masks && isDeepStrictEqual(values, before.values)
      // Making masks takes far longer than comparing what they are made of.
      const masks = isSame ? before.masks! : createMasks(values)
      return Object.assign(kept, { masks, values }).masks
    })
    const askedAt = this.#deps.clock.monotonicMs()
    const { masks, values = [] } = before ?? {}
    const kept: Kept = { asked, masks, values, askedAt }
    this.#kept.set(accountId, kept)
    asked.catch(() => {
      if (this.#kept.get(accountId) === kept) this.#kept.delete(accountId)
    })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest)
    return asked
  }
}
