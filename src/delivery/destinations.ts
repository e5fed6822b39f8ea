/** The destinations that delivery has had to do with lately, or that a person has set; at most so many. */
import type { Clock } from '../clock.ts'
import type { DestinationSettings } from '../model/destination.ts'
import { laneKey } from '../model/destination.ts'
import { limits } from '../model/limits.ts'
import { Destination } from './destination.ts'

type Deps = { readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'> }

export class Destinations {
  readonly #deps: Deps
  readonly #known = new Map<string, Destination>()
  /** Those whose breaker is not closed. */
  readonly #tripped = new Set<Destination>()
  #settings: ReadonlyMap<string, DestinationSettings> = new Map()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  find(key: string): Destination | undefined {
    return this.#known.get(key)
  }

  of(key: string, origin: string): Destination {
    let destination = this.#known.get(key)
    if (!destination) {
      destination = new Destination(this.#deps.clock, key, origin)
      destination.configure(this.#settings.get(key))
      this.#known.set(key, destination)
    }
    return destination
  }

  /** Takes the settings of all that have any; gives back those that a person has set, now or before. */
  configure(settings: readonly DestinationSettings[]): readonly Destination[] {
    const before = this.#settings
    const named = settings.map((one) => [laneKey(one.accountId, one.origin), one] as const)
    this.#settings = new Map(named)
    const keys = new Set([...before.keys(), ...this.#settings.keys()])
    return [...keys].map((key) => {
      const { origin } = this.#settings.get(key) ?? before.get(key)!
      const destination = this.of(key, origin)
      destination.configure(this.#settings.get(key))
      return destination
    })
  }

  /** Takes note of how its breaker stands; `eased` when retries may go that could not. */
  note(destination: Destination): 'eased' | 'as before' {
    if (destination.breaker.until !== null) this.#tripped.add(destination)
    else if (this.#tripped.delete(destination)) return 'eased'
    return 'as before'
  }

  /** Of lanes whose breaker is not closed, how many retries may be taken in. */
  retryLimits(): Readonly<Record<string, number>> {
    const now = this.#deps.clock.monotonicMs()
    const limited = [...this.#tripped].map(
      ({ key, breaker }) => [key, breaker.retriesAllowed(now)] as const,
    )
    return Object.fromEntries(limited)
  }

  /** Forgets those that say nothing any more, and the least lately met ones of too many. */
  sweep(isInUse: (key: string) => boolean): void {
    for (const [key, destination] of this.#known) {
      if (isInUse(key) || this.#settings.has(key)) continue
      if (!destination.isStale && this.#known.size <= limits.lanes) continue
      this.#known.delete(key)
      this.#tripped.delete(destination)
    }
  }
}
