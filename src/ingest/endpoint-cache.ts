/**
 * Remembers which endpoint a key names, so that a request costs no read. A workflow's save is seen by
 * the very next request: its hint drops the entry, and a lookup that was under way when the hint came
 * is not remembered. A lost hint costs `endpointCacheMs`, no more. Unknown keys are remembered too.
 *
 * Invariant: requests for one key that miss at the same time share one lookup.
 */
import type { Clock } from '../clock.ts'
import { limits } from '../model/limits.ts'
import type { Endpoint } from '../model/workflow.ts'
import type { Notifier } from '../notifier/notifier.ts'
import type { Store } from '../store/store.ts'
import { RecentMap } from './recent-map.ts'

type Deps = {
  readonly store: Pick<Store, 'findEndpoint'>
  readonly notifier: Pick<Notifier, 'subscribe'>
  readonly clock: Pick<Clock, 'monotonicMs'>
}

type Found = Endpoint | undefined
type Entry = { readonly found: Found | Promise<Found>; readonly expiresAt: number }

export class EndpointCache {
  readonly #deps: Deps
  readonly #entries: RecentMap<string, Entry>
  readonly #unsubscribe: () => void

  constructor(deps: Deps, capacity: number = limits.endpointCacheEntries) {
    this.#deps = deps
    this.#entries = new RecentMap(capacity)
    this.#unsubscribe = deps.notifier.subscribe((hint) => {
      if (hint.kind === 'workflow') this.#entries.delete(hint.key)
    })
  }

  /** The endpoint, at once where it is remembered. Fails as `findEndpoint` does. */
  find(key: string): Found | Promise<Found> {
    const entry = this.#entries.get(key)
    if (entry !== undefined && this.#deps.clock.monotonicMs() < entry.expiresAt) return entry.found
    return this.#lookUp(key)
  }

  close(): void {
    this.#unsubscribe()
  }

  #lookUp(key: string): Promise<Found> {
    const lookup = this.#deps.store.findEndpoint(key)
    const pending: Entry = { found: lookup, expiresAt: Number.POSITIVE_INFINITY }
    this.#entries.set(key, pending)
    const replace = (entry: Entry | undefined): void => {
      if (this.#entries.get(key) !== pending) return
      if (entry === undefined) this.#entries.delete(key)
      else this.#entries.set(key, entry)
    }
    lookup.then(
      (found) =>
        replace({ found, expiresAt: this.#deps.clock.monotonicMs() + limits.endpointCacheMs }),
      () => replace(undefined),
    )
    return lookup
  }
}
