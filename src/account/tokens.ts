/**
 * API tokens: `so_` and 256 random bits, shown once when issued. The store keeps the SHA-256 and the
 * last four characters, so neither a dump nor the API gives a token back. The secret is random, not
 * chosen by a person: a fast hash is enough, and a lookup by hash tells a guesser nothing.
 *
 * Scopes are ordered: `admin` may do all that `write` may, and `write` all that `read` may.
 */
import { createHash } from 'node:crypto'
import type { Clock, IdSource } from '../clock.ts'
import type { Principal, Scope, Token } from '../model/account.ts'
import type { DefinitionStore } from '../store/store.ts'

type Deps = {
  readonly store: Pick<DefinitionStore, 'createToken'>
  readonly clock: Clock
  readonly ids: IdSource
}

export type TokenWish = {
  readonly accountId: number
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly expiresAt?: number | null
}

/** Draws a token and stores what is kept of it. `secret` is the token itself, for its owner's eyes. */
export async function createToken(
  deps: Deps,
  { accountId, name, scopes, expiresAt = null }: TokenWish,
): Promise<{ readonly token: Token; readonly secret: string }> {
  const secret = `so_${deps.ids.secret()}`
  const token: Token = {
    id: deps.ids.next('tok'),
    accountId,
    name,
    scopes: [...new Set(scopes)],
    last4: secret.slice(-4),
    createdAt: deps.clock.nowMs(),
    lastUsedAt: null,
    expiresAt,
  }
  await deps.store.createToken(token, hashToken(secret))
  return { token, secret }
}

/** The SHA-256 of a whole token, in hex. */
export function hashToken(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

const RANK: Readonly<Record<Scope, number>> = { read: 1, write: 2, admin: 3 }

/** Whether a principal's scopes cover the one that is needed. */
export function allows(principal: Principal, needed: Scope): boolean {
  return principal.scopes.some((scope) => RANK[scope] >= RANK[needed])
}
