/** Accounts and the tokens that act for them. One account exists from the first start. */

export const FIRST_ACCOUNT = 1

export type Scope = 'read' | 'write' | 'admin'

/** Who a request acts for, once it has proved it. */
export type Principal = {
  readonly accountId: number
  readonly scopes: readonly Scope[]
  readonly tokenId: string | null
}

/** A browser that signed in with a token, for as long as that token stands. */
export type Session = {
  readonly accountId: number
  /** As the store keeps the token itself. */
  readonly tokenHash: string
  readonly createdAt: number
  readonly lastSeenAt: number
}

export type Token = {
  readonly id: string
  readonly accountId: number
  readonly name: string
  readonly scopes: readonly Scope[]
  /** The last four characters, to tell tokens apart. */
  readonly last4: string
  readonly createdAt: number
  readonly lastUsedAt: number | null
  readonly expiresAt: number | null
}
