/**
 * Reads `type/subtype; name=value; name="quoted value"`, the grammar that Content-Type and
 * Content-Disposition share (RFC 9110, 5.6.6 and 8.3.1). Lenient: what does not fit is skipped.
 */

export type MediaType = {
  /** Lower case; empty where the header is missing or starts with no type. */
  readonly type: string
  /** Names in lower case, values as given; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>
}

const PARAMETER = /;[\t ]*([!#$%&'*+.^`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g
const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()

/** Reads a header's value. In quoted text `\"` and `\\` are unescaped; other backslashes stand, as browsers send them. */
export function parseMediaType(header: string): MediaType {
  const end = header.indexOf(';')
  if (end === -1) return { type: header.trim().toLowerCase(), parameters: NO_PARAMETERS }
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, plain = ''] of header.slice(end).matchAll(PARAMETER)) {
    const key = name.toLowerCase()
    if (parameters.has(key)) continue
    parameters.set(key, quoted === undefined ? plain : quoted.replaceAll(/\\(["\\])/g, '$1'))
  }
  return { type: header.slice(0, end).trim().toLowerCase(), parameters }
}
