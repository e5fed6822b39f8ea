/**
 * The notifier of a single process: a hint reaches every listener before `publish` returns.
 *
 * A listener that throws breaks its contract. The others still get the hint, and the error goes to
 * `report`, once; the publisher, who is in the middle of its own work, never sees it.
 */
import type { Hint, Notifier } from './notifier.ts'

type Deps = { readonly report: (error: unknown) => void }

export class LocalNotifier implements Notifier {
  readonly #report: Deps['report']
  readonly #listeners = new Set<(hint: Hint) => void>()

  constructor(deps: Deps) {
    this.#report = deps.report
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#listeners.clear()
  }

  publish(hint: Hint): void {
    for (const listener of this.#listeners) {
      try {
        listener(hint)
      } catch (error) {
        this.#report(error)
      }
    }
  }

  subscribe(listener: (hint: Hint) => void): () => void {
    const own = (hint: Hint): void => listener(hint) // the same function may listen twice
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }
}
