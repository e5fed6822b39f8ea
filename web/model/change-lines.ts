/** The diff of `$event` as lines to read: what was added, changed or removed, by its path in code. */
import { childOf, patch, pointerKeys } from './apply-patch.ts'
import type { Operation } from './apply-patch.ts'
import { childPath } from './value-path.ts'

export type ChangeLine = {
  readonly sign: '+' | '~' | '−'
  readonly path: string
  /** Undefined where there is none: before an addition, after a removal. */
  readonly before: unknown
  readonly after: unknown
}

/** `after` is `$event` with all operations done; each old value is looked up in `before`. */
export function changeLines(
  before: unknown,
  operations: readonly Operation[],
): readonly ChangeLine[] {
  const patching = patch(before)
  return operations.map((operation) => {
    const keys = pointerKeys(operation.path)
    const old = patching.at(keys)
    patching.apply(operation)
    const after = operation.op === 'remove' ? undefined : operation.value
    const sign = operation.op === 'remove' ? '−' : operation.op === 'add' ? '+' : '~'
    return { sign, path: pathOf(before, keys), before: sign === '+' ? undefined : old, after }
  })
}

function pathOf(event: unknown, keys: readonly string[]): string {
  let path = '$event'
  let inner = event
  for (const key of keys) {
    path = childPath(path, Array.isArray(inner) && /^\d+$/.test(key) ? Number(key) : key)
    inner = childOf(inner, key)
  }
  return path
}
