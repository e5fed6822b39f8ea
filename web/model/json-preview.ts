/** A value on one line of a tree: scalars whole up to a length, collections by their size and start. */
const TEXT = 200

export type Preview = {
  readonly text: string
  readonly kind: 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'
  /** Children it can be opened to. */
  readonly size: number
}

export function preview(value: unknown): Preview {
  if (value === null || value === undefined) return { text: 'null', kind: 'null', size: 0 }
  if (Array.isArray(value)) return { text: `[${value.length}]`, kind: 'array', size: value.length }
  if (typeof value === 'object') {
    const keys = Object.keys(value)
    const some = keys.slice(0, 4).map(shortName).join(', ')
    const text = keys.length === 0 ? '{}' : `{${some}${keys.length > 4 ? ', …' : ''}}`
    return { text: text.length > 60 ? `{${keys.length}}` : text, kind: 'object', size: keys.length }
  }
  if (typeof value === 'string') {
    const cut = value.length > TEXT ? `${value.slice(0, TEXT)}…` : value
    return { text: JSON.stringify(cut), kind: 'string', size: 0 }
  }
  const kind = typeof value === 'number' ? 'number' : 'boolean'
  return { text: JSON.stringify(value), kind, size: 0 }
}

/** A value as JSON on one line, cut where it gets long; no more of it is written than is kept. */
export function shortJson(value: unknown): string {
  if (value === undefined) return 'undefined'
  const text = beginning(value, TEXT + 1)
  return text.length > TEXT ? `${text.slice(0, TEXT)}…` : text
}

/** JSON as far as `most` characters, and by no more than one word further. */
function beginning(value: unknown, most: number): string {
  if (typeof value === 'string') return quoted(value, most)
  if (typeof value !== 'object' || value === null) return String(value)
  const isList = Array.isArray(value)
  let text = isList ? '[' : '{'
  for (const key of isList ? value.keys() : Object.keys(value)) {
    const child = (value as Record<string | number, unknown>)[key]
    if (!isList && (child === undefined || typeof child === 'function')) continue
    if (text.length > 1) text += ','
    if (text.length > most) return text
    if (!isList) text += `${quoted(String(key), most)}:`
    text += beginning(child ?? null, most - text.length)
  }
  return text + (isList ? ']' : '}')
}

const quoted = (text: string, most: number): string =>
  JSON.stringify(text.slice(0, Math.max(0, most)))

/** A name as it is shown: a key can be as long as the body it came in. */
export const shortName = (name: string): string =>
  name.length > TEXT ? `${name.slice(0, TEXT)}…` : name

/** The children of a collection, in order, from `start` on. */
export function childrenOf(
  value: unknown,
  start: number,
  length: number,
): readonly (readonly [key: string | number, value: unknown])[] {
  if (Array.isArray(value)) {
    return value.slice(start, start + length).map((item, i) => [start + i, item] as const)
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).slice(start, start + length)
}
