/**
 * `$event` after a step: the JSON Patch operations that the run recorded, applied to what it was. Values
 * are shared, never changed in place. An operation that does not fit leaves the value as it was: a diff
 * over its limit is one whole-document operation, so it always fits.
 */
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'

export type Operation = NonNullable<EventDetailWire['run']>['steps'][number]['diff'][number]

export function applyPatch(value: unknown, operations: readonly Operation[]): unknown {
  return operations.reduce<unknown>(applyOne, value)
}

function applyOne(value: unknown, operation: Operation): unknown {
  const keys = pointerKeys(operation.path)
  return change(value, keys, operation)
}

/** RFC 6901: `/a~1b/0` -> `['a/b', '0']`. */
export function pointerKeys(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function change(value: unknown, keys: readonly string[], operation: Operation): unknown {
  const [key, ...rest] = keys
  if (key === undefined) return operation.op === 'remove' ? undefined : operation.value
  if (Array.isArray(value)) return changeItem(value, key, rest, operation)
  if (typeof value !== 'object' || value === null) return value
  const { [key]: old, ...others } = value as Record<string, unknown>
  if (rest.length > 0) return { ...value, [key]: change(old, rest, operation) }
  return operation.op === 'remove' ? others : { ...value, [key]: operation.value }
}

function changeItem(
  items: readonly unknown[],
  key: string,
  rest: readonly string[],
  operation: Operation,
): readonly unknown[] {
  const index = key === '-' ? items.length : Number(key)
  if (rest.length > 0) return items.with(index, change(items[index], rest, operation))
  if (operation.op === 'remove') return items.toSpliced(index, 1)
  if (operation.op === 'add') return items.toSpliced(index, 0, operation.value)
  return items.with(index, operation.value)
}
