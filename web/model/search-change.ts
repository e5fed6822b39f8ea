/** The parameters of an address after a change; what is undefined or empty goes. */
export function withChange<Search extends Readonly<Partial<Record<string, string>>>>(
  before: Search,
  change: { readonly [Name in keyof Search]?: string | undefined },
): Search {
  const entries = Object.entries({ ...before, ...change })
  return Object.fromEntries(
    entries.filter(([, value]) => value !== undefined && value !== ''),
  ) as Search
}
