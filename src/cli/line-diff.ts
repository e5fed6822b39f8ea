/** What changes between two texts, line by line: `-` for what goes, `+` for what comes, with a little around. */

const AROUND = 2
/** Past so many cells the middle is shown as replaced whole: it has little in common anyway. */
const CELLS = 4_000_000

type Line = { readonly mark: ' ' | '-' | '+'; readonly text: string }

/** The lines of a diff, without a head; none where the texts are equal. */
export function lineDiff(before: string, after: string): readonly string[] {
  if (before === after) return []
  const lines = compare(before.split('\n'), after.split('\n'))
  const shown = lines.map((_, i) =>
    lines.slice(Math.max(0, i - AROUND), i + AROUND + 1).some(({ mark }) => mark !== ' '),
  )
  const diff: string[] = []
  for (const [i, { mark, text }] of lines.entries()) {
    if (!shown[i]) continue
    if (i > 0 && !shown[i - 1]) diff.push('  ...')
    diff.push(`${mark} ${text}`)
  }
  return diff
}

function compare(before: readonly string[], after: readonly string[]): readonly Line[] {
  const most = Math.min(before.length, after.length)
  let head = 0
  while (head < most && before[head] === after[head]) head++
  let tail = 0
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const same = (lines: readonly string[]): Line[] => lines.map((text) => ({ mark: ' ', text }))
  return [
    ...same(before.slice(0, head)),
    ...between(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ]
}

/** By the longest common subsequence. */
function between(before: readonly string[], after: readonly string[]): readonly Line[] {
  const width = after.length + 1
  const gone = before.map((text): Line => ({ mark: '-', text }))
  const come = after.map((text): Line => ({ mark: '+', text }))
  if (before.length * width > CELLS) return [...gone, ...come]
  const common = new Uint32Array((before.length + 1) * width)
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] =
        before[i] === after[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!)
    }
  }
  const lines: Line[] = []
  let i = 0
  let j = 0
  while (i < before.length && j < after.length) {
    if (before[i] === after[j]) {
      lines.push({ mark: ' ', text: before[i]! })
      i++
      j++
    } else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) lines.push(gone[i++]!)
    else lines.push(come[j++]!)
  }
  return [...lines, ...gone.slice(i), ...come.slice(j)]
}
