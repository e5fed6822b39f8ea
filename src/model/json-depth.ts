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
  // Most of a text is in its strings, and the platform finds their ends several times as fast.
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let escape = end
    while (json.charCodeAt(escape - 1) === 0x5c) escape--
    if ((end - escape) % 2 === 0) return end
  }
}
