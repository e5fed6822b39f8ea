/** Browsers: how they get in, stay in and get out, and what other sites cannot make them do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashToken } from '../../src/account/tokens.ts'
import { systemClock } from '../../src/clock.ts'
import { ADMIN_TOKEN, startInspector } from '../support/inspector.ts'
import type { Answer, TestInspector } from '../support/inspector.ts'

const OURS = { 'sec-fetch-site': 'same-origin' }

const signIn = (api: TestInspector, token: string, headers: Record<string, string> = OURS) =>
  api.raw('POST', '/api/v1/session', { token: null, body: { token }, headers })

/** What a browser would send back. */
const cookieOf = (answer: Answer): string => answer.headers.get('set-cookie')!.split(';')[0]!

const asBrowser = (
  api: TestInspector,
  cookie: string,
  method: string,
  path: string,
  headers: Record<string, string> = OURS,
  body?: unknown,
) => api.raw(method, `/api/v1${path}`, { token: null, headers: { cookie, ...headers }, body })

test('sign-in: a token opens a session whose cookie scripts and other sites cannot use [200]', async (t) => {
  const api = await startInspector(t, { baseUrl: () => 'http://127.0.0.1' })
  const answer = await signIn(api, ADMIN_TOKEN)
  assert.deepEqual([answer.status, answer.body], [200, { scopes: ['admin'] }])
  const cookie = answer.headers.get('set-cookie')!
  assert.match(
    cookie,
    /^sendoff_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800$/,
  )
  assert.equal((await asBrowser(api, cookieOf(answer), 'GET', '/workflows')).status, 200)
  const value = cookieOf(answer).split('=')[1]!
  assert.equal(await api.store.findSession(value), undefined)
  assert.ok(await api.store.findSession(hashToken(value)))
})

test('sign-in: over TLS the cookie is Secure and bound to this host [200]', async (t) => {
  const api = await startInspector(t)
  const answer = await signIn(api, ADMIN_TOKEN)
  assert.match(answer.headers.get('set-cookie')!, /^__Host-sendoff_session=.*; Secure$/)
  assert.equal((await asBrowser(api, cookieOf(answer), 'GET', '/session')).status, 200)
})

test('sign-in: a wrong token is a 401 with a sentence for people, and no cookie', async (t) => {
  const api = await startInspector(t)
  const answer = await signIn(api, 'so_wrong')
  assert.equal(answer.status, 401)
  assert.equal(answer.body.detail, 'Cannot sign in: the token is unknown or revoked')
  assert.equal(answer.headers.get('set-cookie'), null)
})

test('sign-in: a session may do what its token may, and ends with it', async (t) => {
  const api = await startInspector(t)
  const { id, secret } = await api.token(1, ['read'])
  const cookie = cookieOf(await signIn(api, secret))
  assert.equal((await asBrowser(api, cookie, 'GET', '/workflows')).status, 200)
  assert.equal((await asBrowser(api, cookie, 'GET', '/tokens')).status, 403)
  await api.call('DELETE', `/tokens/${id}`)
  assert.equal((await asBrowser(api, cookie, 'GET', '/workflows')).status, 401)
})

test('sign-in: after signing out, and with a changed cookie, it is a 401 [201]', async (t) => {
  const api = await startInspector(t)
  const cookie = cookieOf(await signIn(api, ADMIN_TOKEN))
  assert.equal((await asBrowser(api, `${cookie.slice(0, -1)}x`, 'GET', '/session')).status, 401)
  const out = await asBrowser(api, cookie, 'DELETE', '/session')
  assert.equal(out.status, 204)
  assert.match(out.headers.get('set-cookie')!, /Max-Age=0/)
  assert.equal((await asBrowser(api, cookie, 'GET', '/session')).status, 401)
})

test('sign-in: a session ends after 12 hours without use, and after 7 days with it [200]', async (t) => {
  const hour = 60 * 60 * 1000
  let aheadMs = 0
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs }
  const api = await startInspector(t, { clock })
  const status = async (cookie: string) => (await asBrowser(api, cookie, 'GET', '/session')).status

  const idle = cookieOf(await signIn(api, ADMIN_TOKEN))
  aheadMs = 11 * hour
  assert.equal(await status(idle), 200)
  aheadMs = 13 * hour
  assert.equal(await status(idle), 401)

  aheadMs = 0
  const old = cookieOf(await signIn(api, ADMIN_TOKEN))
  aheadMs = 7 * 24 * hour + 1000
  assert.equal(await status(old), 401)
})

test('sign-in: what another site makes a browser send is a 403 [202]', async (t) => {
  const api = await startInspector(t)
  const cookie = cookieOf(await signIn(api, ADMIN_TOKEN))
  const body = { name: 'A', steps: [] }
  const host = new URL(api.url).host
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    {},
  ] as Record<string, string>[]) {
    const what = JSON.stringify(headers)
    const made = await asBrowser(api, cookie, 'POST', '/workflows', headers, body)
    assert.deepEqual([made.status, made.body.code], [403, 'cross_site'], what)
    assert.equal((await asBrowser(api, cookie, 'DELETE', '/session', headers)).status, 403, what)
    assert.equal((await signIn(api, ADMIN_TOKEN, headers)).status, 403, what)
  }
  const read = await asBrowser(api, cookie, 'GET', '/workflows', { 'sec-fetch-site': 'cross-site' })
  assert.equal(read.status, 403)
  const ours = { origin: `http://${host}` }
  assert.equal((await asBrowser(api, cookie, 'POST', '/workflows', ours, body)).status, 201)
  const form = await api.raw('POST', '/api/v1/session', {
    token: null,
    headers: { ...OURS, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'token=x',
  })
  assert.equal(form.status, 415)
})

test('set-up: the first visitor with the link becomes the owner, once [197]', async (t) => {
  const api = await startInspector(t, { adminToken: null })
  const path = await api.inspector.offerSetUp()
  const code = /^\/setup#(\S+)$/.exec(path ?? '')![1]!
  const redeem = (given: string) =>
    api.raw('POST', '/api/v1/setup', { token: null, headers: OURS, body: { code: given } })
  assert.equal((await redeem('guess')).status, 404)
  const both = await Promise.all([redeem(code), redeem(code)])
  assert.deepEqual(
    both.map(({ status }) => status).sort((a, b) => a - b),
    [201, 404],
  )
  const won = both.find(({ status }) => status === 201)!
  assert.match(won.body.token, /^so_/)
  assert.deepEqual(won.body.scopes, ['admin'])
  assert.equal((await asBrowser(api, cookieOf(won), 'GET', '/tokens')).status, 200)
  assert.equal((await redeem(code)).status, 404)
  assert.equal(await api.inspector.offerSetUp(), null)
})

test('set-up: with an admin token in the settings there is no link', async (t) => {
  const api = await startInspector(t)
  assert.equal(await api.inspector.offerSetUp(), null)
})
