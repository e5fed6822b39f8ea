/**
 * JSON text, indented for reading. The text is walked and not the value it stands for, so numbers and
 * escapes stay as they were written, and what is not shown is not made: the walk ends once it has enough.
 * Past a depth that nobody reads, lines are indented no further: thousands of levels would make a short
 * text into megabytes of blanks.
 */
const DEEPEST = 32
const LINES = Array.from({ length: DEEPEST + 1 }, (_, depth) => `\n${'  '.repeat(depth)}`)

export type Indented = {
  readonly text: string
  /** Characters of the JSON that are not in it. */
  readonly left: number
}

/** `json` has to be valid. `most`: characters after which there is enough. */
export function indentJson(json: string, most = Number.POSITIVE_INFINITY): Indented {
  let [text, at, depth] = ['', 0, 0]
  const newLine = (): string => LINES[Math.min(depth, DEEPEST)]!
  while (at < json.length && text.length < most) {
    const one = json[at]!
    const start = at++
    if (one === '"') {
      at = endOfString(json, start)
      text += json.slice(start, at)
    } else if (one === '{' || one === '[') {
      const next = pastBlanks(json, at)
      const isEmpty = json[next] === '}' || json[next] === ']'
      if (isEmpty) at = next + 1
      else depth++
      text += isEmpty ? one + json[next]! : one + newLine()
    } else if (one === '}' || one === ']') {
      depth--
      text += newLine() + one
    } else if (one === ',') text += one + newLine()
    else if (one === ':') text += ': '
    else if (!isBlank(one)) text += one
  }
  const over = Math.max(0, text.length - most)
  return { text: text.slice(0, most), left: json.length - at + over }
}

function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let escape = end
    while (json[escape - 1] === '\\') escape--
    if ((end - escape) % 2 === 0) return end + 1
  }
}

function pastBlanks(json: string, from: number): number {
  let at = from
  while (isBlank(json[at] ?? '')) at++
  return at
}

const isBlank = (one: string): boolean =>
  one === ' ' || one === '\n' || one === '\r' || one === '\t'
