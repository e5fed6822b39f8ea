/**
 * `$event` after a step: the JSON Patch operations that the run recorded, done on what it was. The value
 * that is begun with is never changed: each collection on the way is copied once, however many operations
 * meet it, so thousands of them on thousands of keys cost no more than reading them. An operation that
 * does not fit leaves the value as it was: a diff over its limit is one whole-document operation, so it
 * always fits.
 */
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'

export type Operation = NonNullable<EventDetailWire['run']>['steps'][number]['diff'][number]

/** A value between two operations. */
export type Patching = {
  readonly value: () => unknown
  /** What stands there; undefined where nothing does. */
  readonly at: (keys: readonly string[]) => unknown
  readonly apply: (operation: Operation) => void
}

type Collection = unknown[] | Record<string, unknown>

export function applyPatch(value: unknown, operations: readonly Operation[]): unknown {
  const patching = patch(value)
  for (const operation of operations) patching.apply(operation)
  return patching.value()
}

export function patch(first: unknown): Patching {
  const own = new WeakSet<object>()
  let whole = first
  const owned = (value: Collection): Collection => {
    if (own.has(value)) return value
    const copy = Array.isArray(value) ? [...value] : { ...value }
    own.add(copy)
    return copy
  }
  const at = (keys: readonly string[]): unknown => keys.reduce(childOf, whole)
  const apply = (operation: Operation): void => {
    const keys = pointerKeys(operation.path)
    const last = keys.at(-1)
    if (last === undefined) {
      whole = operation.op === 'remove' ? undefined : operation.value
      return
    }
    const way = keys.slice(0, -1)
    if (!isCollection(at(way))) return
    let inner = owned(whole as Collection)
    whole = inner
    for (const key of way) {
      const child = owned(childOf(inner, key) as Collection)
      put(inner, key, child)
      inner = child
    }
    change(inner, last, operation)
  }
  return { value: () => whole, at, apply }
}

/** RFC 6901: `/a~1b/0` -> `['a/b', '0']`. */
export function pointerKeys(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

export function childOf(value: unknown, key: string): unknown {
  return isCollection(value) && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined
}

const isCollection = (value: unknown): value is Collection =>
  typeof value === 'object' && value !== null

function change(inner: Collection, key: string, operation: Operation): void {
  if (!Array.isArray(inner)) {
    if (operation.op === 'remove') delete inner[key]
    else put(inner, key, operation.value)
    return
  }
  const index = key === '-' ? inner.length : Number(key)
  if (operation.op === 'remove') inner.splice(index, 1)
  else if (operation.op === 'add') inner.splice(index, 0, operation.value)
  else put(inner, key, operation.value)
}

/** As a property of its own whatever its name is: `__proto__` came from outside like any other. */
function put(inner: Collection, key: string, value: unknown): void {
  const kept = { value, writable: true, enumerable: true, configurable: true }
  Object.defineProperty(inner, key, kept)
}
