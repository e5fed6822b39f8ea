/** The path to a value as code writes it: `$event.body.items[0]["first name"]`. */
const IDENTIFIER = /^[\p{L}_$][\p{L}\p{N}_$]*$/u

export function childPath(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`
  return IDENTIFIER.test(key) ? `${parent}.${key}` : `${parent}[${JSON.stringify(key)}]`
}
