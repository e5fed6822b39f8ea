/**
 * Who a request acts for: its `Authorization: Bearer` header, or the cookie of a browser's session, says
 * so. A token in a query string is never read, as addresses end up in logs and histories.
 *
 * Nothing is cached: a revoked or expired token fails from the next request on, and with it every
 * session that it opened.
 */
import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import { FIRST_ACCOUNT } from '../model/account.ts'
import type { Principal } from '../model/account.ts'
import type { DefinitionStore } from '../store/store.ts'
import { hashToken } from './tokens.ts'

type Deps = { readonly store: Pick<DefinitionStore, 'findPrincipal'>; readonly clock: Clock }

/** Proves an Authorization header. Rejects with `unauthorized`, and `store_unavailable`. */
export type Authenticate = (authorization: string | undefined) => Promise<Principal>

/** Proves the hash of a token. Rejects as `Authenticate` does. */
export type Prove = (hash: string) => Promise<Principal>

const BEARER = /^bearer +([\x21-\x7e]{1,512})$/i

/** `adminToken`, where set, is a token of every scope for the first account. */
export function createAuthenticate(deps: Deps, adminToken: string | null): Authenticate {
  const prove = createProve(deps, adminToken)
  return async (authorization) => {
    if (authorization === undefined) throw refuse('no token was sent')
    const secret = BEARER.exec(authorization)?.[1]
    if (secret === undefined) throw refuse('the Authorization header is not a bearer token')
    return prove(hashToken(secret))
  }
}

export function createProve(deps: Deps, adminToken: string | null): Prove {
  const adminHash = adminToken === null ? null : hashToken(adminToken)
  return async (hash) => {
    if (adminHash !== null && timingSafeEqual(Buffer.from(hash), Buffer.from(adminHash))) {
      return { accountId: FIRST_ACCOUNT, scopes: ['admin'], tokenId: null }
    }
    const found = await deps.store.findPrincipal(hash)
    if (!found) throw refuse('the token is unknown or revoked')
    const { expiresAt, ...principal } = found
    if (expiresAt !== null && expiresAt <= deps.clock.nowMs()) throw refuse('the token has expired')
    return principal
  }
}

const refuse = (reason: string): AppError => new AppError('unauthorized', { reason })
