/** Tokens and who they act for, without HTTP. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAuthenticate } from '../../src/account/authenticate.ts'
import { allows, createToken, hashToken } from '../../src/account/tokens.ts'
import { IdSource, systemClock } from '../../src/clock.ts'
import type { Principal, Scope, Token } from '../../src/model/account.ts'

/** Keeps what the store would. */
function tokenStore() {
  const rows = new Map<string, Token>()
  return {
    rows,
    createToken: async (token: Token, hash: string) => void rows.set(hash, token),
    findPrincipal: async (hash: string) => {
      const token = rows.get(hash)
      return token && { ...token, tokenId: token.id }
    },
  }
}

const clock = { ...systemClock, nowMs: () => 1_000 }
const ids = new IdSource(systemClock)

test('tokens: 256 random bits after so_, of which only hash and last four are kept [203]', async () => {
  const store = tokenStore()
  const wish = { accountId: 7, name: 'ci', scopes: ['read', 'read'] as const }
  const { token, secret } = await createToken({ store, clock, ids }, wish)
  assert.match(secret, /^so_[A-Za-z0-9_-]{43}$/)
  assert.deepEqual(
    [token.last4, token.scopes, token.createdAt],
    [secret.slice(-4), ['read'], 1_000],
  )
  assert.deepEqual([...store.rows.keys()], [hashToken(secret)])
  assert.match(hashToken(secret), /^[0-9a-f]{64}$/)
  assert.ok(!JSON.stringify([...store.rows]).includes(secret))
})

test('tokens: admin covers write, write covers read, and nothing covers more', () => {
  const covered = (scope: Scope): Scope[] => {
    const principal: Principal = { accountId: 1, scopes: [scope], tokenId: null }
    return (['read', 'write', 'admin'] as const).filter((needed) => allows(principal, needed))
  }
  assert.deepEqual(covered('read'), ['read'])
  assert.deepEqual(covered('write'), ['read', 'write'])
  assert.deepEqual(covered('admin'), ['read', 'write', 'admin'])
  assert.equal(allows({ accountId: 1, scopes: [], tokenId: null }, 'read'), false)
})

test('authenticate: the admin token is a root token of the first account', async () => {
  const authenticate = createAuthenticate({ store: tokenStore(), clock }, 'root-token-0123456789')
  assert.deepEqual(await authenticate('Bearer root-token-0123456789'), {
    accountId: 1,
    scopes: ['admin'],
    tokenId: null,
  })
  await assert.rejects(authenticate('Bearer root-token-012345678'), { code: 'unauthorized' })
})

test('authenticate: only a bearer token that is known and in time passes', async () => {
  const store = tokenStore()
  const authenticate = createAuthenticate({ store, clock }, null)
  const wish = { accountId: 7, name: 'ci', scopes: ['write'] as const }
  const made = async (expiresAt: number | null): Promise<string> =>
    (await createToken({ store, clock, ids }, { ...wish, expiresAt })).secret
  const good = await made(1_001)
  assert.partialDeepStrictEqual(await authenticate(`bearer ${good}`), {
    accountId: 7,
    scopes: ['write'],
  })
  assert.equal('expiresAt' in (await authenticate(`Bearer ${good}`)), false)
  const refused = [
    [undefined, /no token/],
    ['', /not a bearer/],
    [`Basic ${good}`, /not a bearer/],
    [`Bearer ${good} x`, /not a bearer/],
    ['Bearer ', /not a bearer/],
    ['Bearer so_unknown', /unknown or revoked/],
    [`Bearer ${hashToken(good)}`, /unknown or revoked/],
    [`Bearer ${await made(1_000)}`, /expired/],
  ] as const
  for (const [header, message] of refused) {
    await assert.rejects(authenticate(header), { code: 'unauthorized', status: 401, message })
  }
})
