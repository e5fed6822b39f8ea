/**
 * The keys of the workflows that sign, as the delivery thread has them: asked of whoever may open
 * secrets, kept in memory for a while, never stored. A hint makes it ask again at once.
 */
import type { Clock } from '../clock.ts'
import type { SigningKeys } from '../model/signing.ts'
import { DeliveryFault } from './fault.ts'

type Deps = {
  readonly clock: Pick<Clock, 'nowMs'>
  readonly ask: (accountId: number, workflowId: string) => Promise<SigningKeys>
}

type Kept = { readonly answer: Promise<SigningKeys>; readonly askedAt: number }

const KEPT_MS = 60_000
/** Workflows that are remembered: a key is some hundred bytes here. */
const KEPT = 1_000

export class SigningKeyCache {
  readonly #deps: Deps
  readonly #kept = new Map<string, Kept>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** What to sign with. Rejects with a `DeliveryFault` that is ours. */
  async of(accountId: number, workflowId: string): Promise<readonly Uint8Array[]> {
    const now = this.#deps.clock.nowMs()
    try {
      const kept = this.#kept.get(workflowId)
      if (kept && now < kept.askedAt + KEPT_MS) {
        const { keys, validUntil } = await kept.answer
        if (validUntil === null || now < validUntil) return keys
      }
      return (await this.#ask(accountId, workflowId, now)).keys
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      const message = `Cannot sign the request: ${reason}`
      throw new DeliveryFault('protocol', 'signing_unavailable', message, { ours: true })
    }
  }

  forget(workflowId: string): void {
    this.#kept.delete(workflowId)
  }

  #ask(accountId: number, workflowId: string, now: number): Promise<SigningKeys> {
    const kept = { answer: this.#deps.ask(accountId, workflowId), askedAt: now }
    this.#kept.set(workflowId, kept)
    kept.answer.catch(() => {
      if (this.#kept.get(workflowId) === kept) this.#kept.delete(workflowId)
    })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest)
    return kept.answer
  }
}
