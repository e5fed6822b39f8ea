/**
 * What user text writes where a module is named: `axios`, `lodash@4.17/fp`, `@scope/name@^1`. A range is
 * for whoever installs the package; the code that runs names it without.
 */

export type PackageSpecifier = {
  readonly name: string
  /** A version, range or tag as npm reads it; null where the text leaves it open. */
  readonly range: string | null
  /** What Node is to resolve. */
  readonly plain: string
}

const SPECIFIER =
  /^(?:npm:)?((?:@[a-z\d~-][\w.~-]*\/)?[a-z\d~-][\w.~-]*)(?:@([\w.^~<>=|*+\- ]*))?(\/.*)?$/i
/** npm's own limit. */
const NAME_LENGTH = 214

/** Undefined for what names no package of a registry: a path, an address, a Git repository. */
export function readSpecifier(specifier: string): PackageSpecifier | undefined {
  const [, name, range = '', path = ''] = SPECIFIER.exec(specifier) ?? []
  if (!name || name.length > NAME_LENGTH) return undefined
  return { name, range: range.trim() || null, plain: name + path }
}
