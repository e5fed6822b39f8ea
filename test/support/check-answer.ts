/** Holds an answer of the API against the OpenAPI document: its status, its media type, its shape. */
import assert from 'node:assert/strict'
import * as schema from 'typebox/schema'

type Content = Readonly<Record<string, { readonly schema: object }>>
export type Operation = {
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
}
export type Document = {
  readonly openapi: string
  readonly components: { readonly schemas: object }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

export function checkAnswer(
  document: Document,
  method: string,
  target: string,
  answer: { readonly status: number; readonly headers: Headers; readonly body: unknown },
): void {
  const path = target.split('?', 1)[0]!
  const operation = operationOf(document, method, path)
  if (!operation)
    return assert.ok([404, 405].includes(answer.status), `${method} ${path} is not documented`)
  const response = operation.responses[answer.status] ?? operation.responses['default']
  const documented = answer.status < 300 ? operation.responses[answer.status] : response
  assert.ok(documented, `${method} ${path} answers ${answer.status}, which is not documented`)
  const mediaType = (answer.headers.get('content-type') ?? '').split(';')[0]!
  const content = documented.content?.[mediaType]
  if (!documented.content) return assert.equal(answer.body, undefined)
  assert.ok(content, `${method} ${path} answers ${mediaType}, which is not documented`)
  const check = schema.Compile({ components: document.components, ...content.schema } as never)
  const [valid, errors] = check.Errors(answer.body)
  assert.ok(valid, `${method} ${path}: ${JSON.stringify(errors)} in ${JSON.stringify(answer.body)}`)
}

/** The operation of a path, whose `{parameters}` stand for one segment each. */
function operationOf(document: Document, method: string, path: string): Operation | undefined {
  const template = Object.keys(document.paths).find((one) =>
    new RegExp(`^${one.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  )
  return template === undefined ? undefined : document.paths[template]![method.toLowerCase()]
}
