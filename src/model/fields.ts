/**
 * Objects whose keys come from outside: header names, query and form fields. Every key becomes an own
 * property, `__proto__` and `constructor` included, so nothing that a stranger names touches a
 * prototype, and `JSON.stringify` and spread show what was sent.
 */

/** Sets an own property whatever its name is. */
export function setField(fields: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') {
    fields[name] = value
    return
  }
  Object.defineProperty(fields, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

/** Adds a value under a name: the second and later ones make it an array, in order. */
export function addField(fields: Record<string, unknown>, name: string, value: unknown): void {
  if (!Object.hasOwn(fields, name)) return setField(fields, name, value)
  const held = fields[name]
  if (Array.isArray(held)) held.push(value)
  else setField(fields, name, [held, value])
}

/** The fields of urlencoded text (a query, a form), decoded as `URLSearchParams` decodes. */
export function fieldsOf(urlencoded: string): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {}
  if (urlencoded === '') return fields
  for (const [name, value] of new URLSearchParams(urlencoded)) addField(fields, name, value)
  return fields
}
