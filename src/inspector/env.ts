/** An account's variables: set, listed by name, removed. No answer ever carries a value. */
import { Type } from 'typebox'
import type { Api } from './api.ts'
import { notFound } from './find.ts'
import { instant } from './instant.ts'
import type { InspectorDeps } from './ports.ts'
import * as requests from './requests.ts'
import * as wire from './wire-instance.ts'
import { page } from './wire.ts'

type Deps = Pick<InspectorDeps, 'variables'>

const tags = ['env']
const Name = Type.Object({ name: Type.String() })

export function envRoutes(api: Api, { variables }: Deps): void {
  api.get(
    '/env',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'List the names of variables; values are write-only',
        response: { 200: page(wire.Variable) },
      },
    },
    async ({ principal }) => {
      const names = await variables.list(principal.accountId)
      const data = names.map(({ name, updatedAt }) => ({ name, updatedAt: instant(updatedAt) }))
      return { data, nextCursor: null }
    },
  )

  api.put(
    '/env/:name',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary: 'Set a variable, for the runs that begin from now on',
        params: Name,
        body: requests.VariableValue,
        response: { 204: Type.Null({ description: 'Set' }) },
      },
    },
    async ({ principal, params, body }, reply) => {
      await variables.set(principal.accountId, params.name, body.value)
      return reply.code(204).send(null)
    },
  )

  api.delete(
    '/env/:name',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary: 'Remove a variable',
        params: Name,
        response: { 204: Type.Null({ description: 'Removed' }) },
      },
    },
    async ({ principal, params: { name } }, reply) => {
      if (!(await variables.remove(principal.accountId, name))) notFound('variable', name)
      return reply.code(204).send(null)
    },
  )
}
