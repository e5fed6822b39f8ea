/**
 * The OpenAPI 3.1 document, made from the routes and their schemas, so it cannot say anything the
 * server does not do. Schemas with a title become named components; every operation names the scope it
 * needs and the shape of its refusals.
 */
import swagger from '@fastify/swagger'
import { Type } from 'typebox'
import type { Api, RouteRow } from './api.ts'
import { PROBLEM_TYPE } from './problem.ts'
import { Problem } from './wire.ts'

type Json = Record<string, unknown>

/** Must come before the routes: it watches them being added. */
export function describeRoutes(api: Api): void {
  void api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sendoff',
        version: '1',
        description: 'Events in, your code on them, every request delivered and on record.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
  })
}

export function openapiRoute(api: Api, routes: readonly RouteRow[]): void {
  let document: unknown
  api.get(
    '/openapi.json',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['meta'],
        summary: 'Read this document',
        response: { 200: Type.Record(Type.String(), Type.Unknown()) },
      },
    },
    async () => (document ??= documentOf(api.swagger() as unknown as Json, routes)) as Json,
  )
}

function documentOf(made: Json, routes: readonly RouteRow[]): Json {
  const schemas: Json = {}
  const paths = structuredClone(made['paths']) as Record<string, Record<string, Json>>
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const row = routes.find(
        (route) => route.method === method.toUpperCase() && templateOf(route.url) === path,
      )
      if (row && row.scope !== 'open') operation['security'] = [{ token: [row.scope] }]
      const content = { [PROBLEM_TYPE]: { schema: Problem } }
      operation['responses'] = {
        ...(operation['responses'] as Json),
        default: { description: 'Refused', content },
      }
    }
  }
  const named = nameShapes(paths, schemas)
  const components = { ...(made['components'] as Json), schemas }
  return { ...made, components, paths: named }
}

const templateOf = (url: string): string => url.replaceAll(/:(\w+)/g, '{$1}')

/** Replaces each schema that has a title by a reference to the component of that name. */
function nameShapes(value: unknown, schemas: Json): unknown {
  if (Array.isArray(value)) return value.map((item) => nameShapes(item, schemas))
  if (typeof value !== 'object' || value === null) return value
  const { title, ...rest } = value as Json
  const inner = Object.fromEntries(
    Object.entries(rest).map(([key, child]) => [key, nameShapes(child, schemas)]),
  )
  const isSchema =
    typeof title === 'string' && ('type' in rest || 'anyOf' in rest || 'enum' in rest)
  if (!isSchema)
    return title === undefined ? inner : { title: nameShapes(title, schemas), ...inner }
  schemas[title] = inner
  return { $ref: `#/components/schemas/${title}` }
}
