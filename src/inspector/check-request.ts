/**
 * Checks what is sent against its schema. Bodies are taken as they are: a number is never made of a
 * text. In a query everything is text, so a whole number is read where the schema wants one.
 */
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'
import type { TObject, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

export const compileCheck: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema)
  const wholeNumbers = httpPart === 'querystring' ? integersOf(schema as TObject) : []
  return (sent: unknown) => {
    const value = wholeNumbers.length > 0 ? withIntegers(sent as object, wholeNumbers) : sent
    return check.Check(value) ? { value } : { error: check.Errors(value) as never }
  }
}

/**
 * For a body whose rules are the model's: the document shows the schema of the route, while `envelope`
 * is all that is checked here, as the model's own refusals say more.
 */
export function compileCheckOf(envelope: TSchema): FastifySchemaCompiler<TSchema> {
  return (route) => compileCheck(route.httpPart === 'body' ? { ...route, schema: envelope } : route)
}

/** Names the first thing that is wrong: "query parameter limit must be <= 200". */
export function explain(part: string, errors: readonly FastifySchemaValidationError[]): string {
  const meant = ofMeantBranch(errors)
  const error = meant.find(({ keyword }) => keyword !== 'boolean') ?? meant[0]
  if (!error) return `the ${part} is not valid`
  const { keyword, instancePath, params } = error
  const at = instancePath.slice(1).replaceAll('/', '.')
  const child = (names: unknown): string =>
    [at, String((names as readonly string[])[0])].filter(Boolean).join('.')
  if (keyword === 'additionalProperties') {
    return `the ${part} ${child(params['additionalProperties'])} is unknown`
  }
  if (keyword === 'required') return `the ${part} ${child(params['requiredProperties'])} is missing`
  const constants = meant.filter((other) => other.keyword === 'const')
  const values =
    keyword === 'const'
      ? constants.map((other) => other.params['allowedValue'])
      : params['allowedValues']
  const rule = Array.isArray(values) ? `must be one of ${values.join(', ')}` : error.message
  return at === '' ? `the body ${rule}` : `the ${part} ${at} ${rule}`
}

/**
 * Of alternatives that a constant tells apart, such as the `action` of a bulk job, only the one that was
 * meant says what is wrong. All of them where none was meant.
 */
function ofMeantBranch(
  errors: readonly FastifySchemaValidationError[],
): readonly FastifySchemaValidationError[] {
  const branchOf = ({ schemaPath }: FastifySchemaValidationError): string | undefined =>
    /^#\/anyOf\/\d+(?=\/|$)/.exec(schemaPath)?.[0]
  const other = new Set(errors.filter(({ keyword }) => keyword === 'const').map(branchOf))
  const meant = errors.filter((error) => branchOf(error) && !other.has(branchOf(error)))
  return meant.length > 0 ? meant : errors
}

const integersOf = (schema: TObject): readonly string[] =>
  Object.entries(schema.properties ?? {})
    .filter(([, property]) => (property as { type?: string }).type === 'integer')
    .map(([name]) => name)

function withIntegers(query: object, names: readonly string[]): object {
  const read: Record<string, unknown> = { ...query }
  for (const name of names) {
    const text = read[name]
    if (typeof text === 'string' && /^\d{1,15}$/.test(text)) read[name] = Number(text)
  }
  return read
}
