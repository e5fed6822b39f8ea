/**
 * A map that forgets what has not been used lately, in two generations: a use moves an entry to the
 * young one; when that is full it becomes the old one, and what the old one held is gone. So an entry
 * survives at least `capacity` uses of others, at most twice `capacity` entries are held, and a use
 * costs one lookup, where an exact LRU would delete and insert each time.
 */
export class RecentMap<Key, Value> {
  readonly #capacity: number
  #young = new Map<Key, Value>()
  #old = new Map<Key, Value>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: Key, value: Value): void {
    this.#old.delete(key)
    this.#young.set(key, value)
    if (this.#young.size < this.#capacity) return
    this.#old = this.#young
    this.#young = new Map()
  }

  delete(key: Key): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }
}
