/** The API's shapes of who calls, tokens, secrets, variables, and the server itself; see wire.ts. */
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Count, Instant, list, nullable, strict } from './wire.ts'

export const Caller = Type.Object(
  { scopes: list(Type.Enum(['read', 'write', 'admin'])) },
  { ...strict, title: 'Caller' },
)

export const Scopes = Type.Array(Type.Enum(['read', 'write', 'admin']), {
  minItems: 1,
  maxItems: 3,
})

export const Token = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    scopes: Type.Immutable(Scopes),
    last4: Type.String(),
    createdAt: Instant,
    lastUsedAt: nullable(Instant),
    expiresAt: nullable(Instant),
  },
  { ...strict, title: 'Token' },
)
export type TokenWire = Static<typeof Token>

export const IssuedToken = Type.Object(
  { ...Token.properties, token: Type.String({ description: 'Shown this once' }) },
  { ...strict, title: 'IssuedToken' },
)

/* Signing secrets, variables, and the server itself */

export const SigningSecret = Type.Object(
  {
    createdAt: nullable(Instant),
    previous: nullable(Type.Object({ createdAt: Instant, lapsesAt: Instant }, strict)),
  },
  { ...strict, title: 'SigningSecret' },
)
export type SigningSecretWire = Static<typeof SigningSecret>

export const IssuedSigningSecret = Type.Object(
  { secret: Type.String({ description: 'Shown this once' }), ...SigningSecret.properties },
  { ...strict, title: 'IssuedSigningSecret' },
)

export const Variable = Type.Object(
  { name: Type.String(), updatedAt: Instant },
  { ...strict, title: 'Variable' },
)

export const Health = Type.Object(
  {
    version: Type.String(),
    isolation: Type.Object(
      { level: Type.Enum(['process', 'strict']), because: Type.String() },
      { ...strict, description: 'Which wall stands around user code' },
    ),
    store: Type.Object(
      {
        kind: Type.Enum(['sqlite', 'postgres']),
        ok: Type.Boolean({ description: 'A durable write works right now' }),
      },
      strict,
    ),
    backlog: nullable(
      Type.Object(
        { queuedEvents: Count, pendingDeliveries: Count, oldestQueuedAt: nullable(Instant) },
        { ...strict, description: 'Null while the store does not answer' },
      ),
    ),
    uptimeSeconds: Type.Number({ minimum: 0 }),
  },
  { ...strict, title: 'Health' },
)
export type HealthWire = Static<typeof Health>
