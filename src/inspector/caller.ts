/** Who calls: by the Authorization header where there is one, else by the session of a browser. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Authenticate } from '../account/authenticate.ts'
import type { Sessions } from '../account/sessions.ts'
import type { Principal } from '../model/account.ts'

type Asked = { readonly method?: string | undefined; readonly headers: IncomingHttpHeaders }

/** Rejects with `unauthorized`, with `cross_site`, and with `store_unavailable`. */
export type Identify = (request: Asked) => Promise<Principal>

export function createIdentify(authenticate: Authenticate, sessions: Sessions): Identify {
  return async (request) => {
    const { authorization } = request.headers
    const principal = authorization === undefined ? await sessions.principalOf(request) : undefined
    return principal ?? authenticate(authorization)
  }
}
