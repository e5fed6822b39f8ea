/**
 * The API's shapes, as SPEC section 8 gives them: one TypeBox schema and one static type per noun. The
 * OpenAPI document is made from these, requests are checked by them, and the UI and the command line
 * import nothing else of the server. Here is what all of them are made of; the nouns are in
 * wire-workflow.ts, wire-event.ts, wire-operations.ts and wire-instance.ts.
 *
 * A schema with a `title` becomes a named component of the document. Instants are ISO 8601 with
 * milliseconds, durations integers or fractions in `...Ms`, absent values `null`, never missing.
 */
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'

export const strict = { additionalProperties: false } as const
export const list = <Item extends TSchema>(item: Item) => Type.Immutable(Type.Array(item))
export const nullable = <Inner extends TSchema>(inner: Inner) => Type.Union([inner, Type.Null()])
export const texts = Type.Record(Type.String(), Type.String())
export const Instant = Type.String({ format: 'date-time' })
export const Milliseconds = Type.Number({ minimum: 0 })
export const Count = Type.Integer({ minimum: 0 })

export const page = <Row extends TSchema>(row: Row) =>
  Type.Object({ data: list(row), nextCursor: nullable(Type.String()) }, strict)

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'urn:sendoff:error:<code>' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    step: Type.Optional(Type.String({ description: 'The step that is not in order' })),
    line: Type.Optional(Type.Integer({ minimum: 1, description: 'In the text of that step' })),
    column: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { ...strict, title: 'Problem' },
)
export type ProblemWire = Static<typeof Problem>

export const Created = Type.Object({ id: Type.String() }, strict)
