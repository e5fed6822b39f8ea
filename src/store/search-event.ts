/**
 * Search as the Inspector promises it: case-insensitive, partial, over every field name and every value
 * of `$event`. Text is folded to upper case, which unites what lower case keeps apart (`ß` and `SS`,
 * both small sigmas), and composed, so that an accent matches however it was typed.
 */
import { deriveEvent } from '../model/derive-event.ts'
import type { RawRequest } from '../model/event.ts'
import { createMask } from '../model/redact-values.ts'

/** What is `hidden` is not found, nor any part of it. */
export function searchFor(
  text: string,
  hidden: readonly string[] = [],
): (request: RawRequest) => boolean {
  const needle = fold(text)
  const mask = createMask(hidden)
  const matches = (part: string): boolean => fold(mask(part)).includes(needle)
  return (request) => contains(deriveEvent(request), matches)
}

/** Walks with a stack of its own: a body may be nested deeper than ours. */
function contains(root: unknown, matches: (part: string) => boolean): boolean {
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'object' && value !== null) {
      const isArray = Array.isArray(value)
      for (const [name, member] of Object.entries(value)) {
        if (!isArray && matches(name)) return true
        open.push(member)
      }
    } else if (matches(String(value))) return true
  }
  return false
}

const fold = (text: string): string => text.normalize('NFC').toUpperCase()
