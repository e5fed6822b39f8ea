/**
 * The difference of two JSON values as a JSON Patch (RFC 6902): what a step did to `$event`. Applying
 * it to `before` gives `after`. For reading, so it is bounded: past `limits.runDiffBytes` the answer is
 * one operation that replaces the whole document. Arrays are compared by position: an element taken
 * out of the middle reads as changes to those behind it, which keeps the cost linear.
 */
import { limits } from './limits.ts'
import type { PatchOperation } from './run.ts'

/** Below this depth values are compared as text and replaced whole. */
const DEPTH = 500

type Diff = { readonly operations: PatchOperation[]; roomBytes: number }
type Json = Readonly<Record<string, unknown>>

/** The operations that turn `before` into `after`; both must be what `JSON.parse` could have returned. */
export function diffEvents(before: unknown, after: unknown): readonly PatchOperation[] {
  const diff: Diff = { operations: [], roomBytes: limits.runDiffBytes }
  compare(diff, '', before, after, 0)
  return diff.roomBytes >= 0 ? diff.operations : [{ op: 'replace', path: '', value: after }]
}

function compare(diff: Diff, path: string, before: unknown, after: unknown, depth: number): void {
  if (before === after || diff.roomBytes < 0) return
  if (depth < DEPTH && Array.isArray(before) && Array.isArray(after)) {
    return compareArrays(diff, path, before, after, depth + 1)
  }
  if (depth < DEPTH && isObject(before) && isObject(after)) {
    return compareObjects(diff, path, before, after, depth + 1)
  }
  const deep = typeof before === 'object' && typeof after === 'object'
  if (deep && JSON.stringify(before) === JSON.stringify(after)) return
  add(diff, { op: 'replace', path, value: after })
}

function compareArrays(
  diff: Diff,
  path: string,
  before: readonly unknown[],
  after: readonly unknown[],
  depth: number,
): void {
  const shared = Math.min(before.length, after.length)
  for (let i = 0; i < shared; i++) compare(diff, `${path}/${i}`, before[i], after[i], depth)
  for (let i = shared; i < after.length && diff.roomBytes >= 0; i++) {
    add(diff, { op: 'add', path: `${path}/${i}`, value: after[i] })
  }
  for (let i = before.length - 1; i >= shared && diff.roomBytes >= 0; i--) {
    add(diff, { op: 'remove', path: `${path}/${i}` })
  }
}

function compareObjects(diff: Diff, path: string, before: Json, after: Json, depth: number): void {
  for (const key of Object.keys(before)) {
    const at = `${path}/${escape(key)}`
    if (Object.hasOwn(after, key)) compare(diff, at, before[key], after[key], depth)
    else add(diff, { op: 'remove', path: at })
  }
  for (const key of Object.keys(after)) {
    if (Object.hasOwn(before, key)) continue
    add(diff, { op: 'add', path: `${path}/${escape(key)}`, value: after[key] })
  }
}

function add(diff: Diff, operation: PatchOperation): void {
  if (diff.roomBytes < 0) return
  diff.roomBytes -= JSON.stringify(operation).length
  diff.operations.push(operation)
}

/** RFC 6901, section 3. */
const escape = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
