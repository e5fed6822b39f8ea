/**
 * Sessions of browsers: a cookie that stands for the token it was opened with. Its value is 256 random
 * bits, stored hashed. It ends after 12 hours without use, after 7 days at the latest, when somebody
 * signs out, and with its token: scopes and revocation are the token's at every request.
 *
 * Invariant: scripts cannot read the cookie, other sites' pages cannot make it be sent with a request
 * that changes something, and over TLS no other host can set it (`__Host-`).
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock, IdSource } from '../clock.ts'
import { AppError } from '../errors.ts'
import type { Principal } from '../model/account.ts'
import { limits } from '../model/limits.ts'
import type { DefinitionStore } from '../store/store.ts'
import type { Prove } from './authenticate.ts'
import { hashToken } from './tokens.ts'

type Deps = {
  readonly store: Pick<DefinitionStore, 'createSession' | 'findSession' | 'deleteSession'>
  readonly clock: Clock
  readonly ids: IdSource
  readonly prove: Prove
}

type Asked = { readonly method?: string | undefined; readonly headers: IncomingHttpHeaders }

export type Sessions = {
  /** Opens a session with a token; resolves to the cookie to set. Rejects as `Prove` does. */
  open(secret: string): Promise<{ readonly principal: Principal; readonly cookie: string }>
  /** Undefined where the request carries no session; rejects where it carries one that has ended. */
  principalOf(request: Asked): Promise<Principal | undefined>
  /** Ends the session of a request; resolves to the cookie that takes it from the browser. */
  close(request: Asked): Promise<string>
}

/** `isSecure`: whether the world reaches this server over TLS. */
export function createSessions(deps: Deps, isSecure: () => boolean): Sessions {
  const cookieOf = (value: string, seconds: number): string => {
    const attributes = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}`
    return isSecure()
      ? `__Host-${NAME}=${value}; ${attributes}; Secure`
      : `${NAME}=${value}; ${attributes}`
  }
  const valueIn = ({ headers }: Asked): string | undefined =>
    cookieNamed(isSecure() ? `__Host-${NAME}` : NAME, headers.cookie)

  return {
    async open(secret) {
      const tokenHash = hashToken(secret)
      const principal = await deps.prove(tokenHash)
      const value = deps.ids.secret()
      const createdAt = deps.clock.nowMs()
      const { accountId } = principal
      const session = { accountId, tokenHash, createdAt, lastSeenAt: createdAt }
      await deps.store.createSession(session, hashToken(value))
      return { principal, cookie: cookieOf(value, limits.sessionMs / 1000) }
    },
    async principalOf(request) {
      const value = valueIn(request)
      if (value === undefined) return undefined
      refuseOtherSites(request)
      const session = await deps.store.findSession(hashToken(value))
      const now = deps.clock.nowMs()
      if (!session || isOver(session, now)) {
        throw new AppError('unauthorized', { reason: 'the session has ended' })
      }
      return deps.prove(session.tokenHash)
    },
    async close(request) {
      refuseOtherSites(request)
      const value = valueIn(request)
      if (value !== undefined) await deps.store.deleteSession(hashToken(value))
      return cookieOf('', 0)
    },
  }
}

const NAME = 'sendoff_session'

/**
 * Refuses what another site's page made a browser send. `Sec-Fetch-Site` says so where there is one;
 * otherwise `Origin` must be this host for a request that changes something.
 */
export function refuseOtherSites({ method = 'GET', headers }: Asked): void {
  const site = headers['sec-fetch-site']
  const isRead = method === 'GET' || method === 'HEAD'
  const isOurs =
    site === undefined
      ? isRead || isOwnOrigin(headers.origin, headers.host)
      : site === 'same-origin' || (isRead && site === 'none')
  if (!isOurs) throw new AppError('cross_site', { method })
}

function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
}

function isOver(session: { createdAt: number; lastSeenAt: number }, now: number): boolean {
  return (
    now - session.createdAt > limits.sessionMs || now - session.lastSeenAt > limits.sessionIdleMs
  )
}

/** The first cookie of that name; RFC 6265 sends the most specific one first. */
function cookieNamed(name: string, header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const [key = '', value = ''] = pair.split('=', 2)
    if (key.trim() === name) return value.trim()
  }
  return undefined
}
