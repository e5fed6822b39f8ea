/**
 * How deep JSON text nests, found without walking it recursively: what is too deep for a stack must not
 * be found out by a stack that overflows.
 */

/** Whether valid JSON text nests deeper than `levels`. */
export function isDeeperThan(levels: number, json: string): boolean {
  if (json.length <= 2 * levels) return false
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === 0x22) i = endOfString(json, i)
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > levels) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}

function endOfString(json: string, start: number): number {
  let i = start + 1
  for (; json.charCodeAt(i) !== 0x22; i++) if (json.charCodeAt(i) === 0x5c) i++
  return i
}
