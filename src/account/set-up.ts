/**
 * The first start: while nobody has a token, one code is drawn, printed as a link, and makes whoever
 * opens it the owner. It is kept as a hash and in memory only, works once, and a restart draws another.
 * From the first token on, set-up is closed for good.
 */
import { timingSafeEqual } from 'node:crypto'
import type { Clock, IdSource } from '../clock.ts'
import { AppError } from '../errors.ts'
import { FIRST_ACCOUNT } from '../model/account.ts'
import type { Token } from '../model/account.ts'
import type { DefinitionStore } from '../store/store.ts'
import { createToken, hashToken } from './tokens.ts'

type Deps = {
  readonly store: Pick<DefinitionStore, 'createToken' | 'listTokens'>
  readonly clock: Clock
  readonly ids: IdSource
}

export type SetUp = {
  /** Draws the code; null once there is a token. */
  offer(): Promise<string | null>
  /** Spends the code on the first token. Rejects with `setup_closed`. */
  redeem(code: string): Promise<{ readonly token: Token; readonly secret: string }>
}

export function createSetUp(deps: Deps): SetUp {
  let offered: string | null = null
  const isOpen = async (): Promise<boolean> =>
    (await deps.store.listTokens(FIRST_ACCOUNT)).length === 0
  return {
    async offer() {
      if (!(await isOpen())) return null
      const code = deps.ids.secret()
      offered = hashToken(code)
      return code
    },
    async redeem(code) {
      const hash = offered
      const isRight =
        hash !== null && timingSafeEqual(Buffer.from(hash), Buffer.from(hashToken(code)))
      if (!isRight) throw new AppError('setup_closed')
      offered = null // Spent before anything is awaited: of two at once, one wins.
      if (!(await isOpen())) throw new AppError('setup_closed')
      return createToken(deps, { accountId: FIRST_ACCOUNT, name: 'owner', scopes: ['admin'] })
    },
  }
}
