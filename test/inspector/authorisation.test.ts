/**
 * Every route with every kind of caller. The rows are the server's own table of routes, so a route that
 * is added is in here at once; its ids are real ones of the first account.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RouteRow } from '../../src/inspector/api.ts'
import { originOf } from '../../src/model/delivery.ts'
import { destinationId } from '../../src/model/destination.ts'
import { deliveryId } from '../../src/model/ids.ts'
import { startInspector } from '../support/inspector.ts'
import type { TestInspector } from '../support/inspector.ts'
import { seedEvent, send, settle } from '../support/seed.ts'

const RANK = { open: 0, read: 1, write: 2, admin: 3 }

/** Addresses of rows that are there, so that only the caller decides the answer. */
async function pathOf(api: TestInspector, { url }: RouteRow): Promise<string> {
  const workflow = await api.workflow()
  const eventId = await seedEvent(api, workflow, { sends: [{}] })
  await settle(api, eventId, 0, 'failed', { outcome: 'failed', code: 'reset' })
  const key = { eventId, step: 0, index: 0 }
  if (url.endsWith('/cancel')) await api.store.redeliver(1, key) // only what is pending can be canceled
  const id: Record<string, string> = {
    workflows: workflow.id,
    events: eventId,
    destinations: destinationId(originOf(send.url)),
    deliveries: deliveryId(key.eventId, key.step, key.index),
    tokens: url.includes('/tokens/') ? (await api.token(1, ['read'])).id : '',
  }
  const noun = url.split('/')[3] ?? ''
  if (url.endsWith('/bulk/:id')) {
    for (const one of await api.store.listOpenBulkJobs()) await api.store.cancelBulkJob(1, one.id)
    id['bulk'] = api.ids.next('bulk')
    const work = { action: 'redeliver', filter: {} } as const
    await api.store.createBulkJob({ ...work, accountId: 1, id: id['bulk'], rate: 1 })
  }
  if (url.endsWith('/env/:name')) await api.variables.set(1, 'A_NAME', 'a value')
  return url
    .replace(':id', id[noun] ?? '')
    .replace(':version', '1')
    .replace(':name', 'A_NAME')
}

/** A body that its route takes, so that a caller who may call is not refused for another reason. */
function bodyOf({ method, url }: RouteRow): object {
  if (method === 'GET' || method === 'HEAD' || method === 'DELETE') return {}
  const definition = { name: 'A', steps: [{ type: 'code', code: 'return 1' }] }
  if (url.endsWith('/test')) return { body: { event: {} } }
  if (url.includes('/destinations/')) return { body: { paused: false } }
  if (url.endsWith('/bulk')) return { body: { action: 'redeliver', filter: {} } }
  if (url.includes('/env/')) return { body: { value: 'x' } }
  if (url.endsWith('/check')) return { body: { steps: definition.steps } }
  if (url.endsWith('/signing-secret')) return {}
  if (url.endsWith('/tokens')) return { body: { name: 'new' } }
  if (url.includes('/deliveries/') || url.endsWith('/replay')) return {}
  return { body: definition }
}

async function statusOf(api: TestInspector, row: RouteRow, path: string, token: string | null) {
  const stop = new AbortController()
  const options = { token, ...bodyOf(row) }
  if (!row.url.endsWith('/live')) return (await api.raw(row.method, path, options)).status
  const headers = token === null ? {} : { authorization: `Bearer ${token}` }
  const { status } = await fetch(`${api.url}${path}`, { headers, signal: stop.signal })
  stop.abort()
  return status
}

test('authorisation: every route x every kind of caller [205]', async (t) => {
  const api = await startInspector(t)
  const tokens = {
    none: null,
    wrong: 'so_0000000000000000000000000000000000000000000',
    read: (await api.token(1, ['read'])).secret,
    write: (await api.token(1, ['write'])).secret,
    admin: (await api.token(1, ['admin'])).secret,
  }
  assert.ok(api.inspector.routes.length > 20)
  for (const row of api.inspector.routes) {
    for (const [caller, token] of Object.entries(tokens)) {
      const status = await statusOf(api, row, await pathOf(api, row), token)
      const what = `${row.method} ${row.url} as ${caller}: ${status}`
      if (row.scope === 'open') assert.equal(status, 200, what)
      else if (caller === 'none' || caller === 'wrong') assert.equal(status, 401, what)
      else if (RANK[caller as 'read'] < RANK[row.scope]) assert.equal(status, 403, what)
      else if (row.url === '/metrics') assert.equal(status, 501, what)
      else assert.ok(status >= 200 && status < 300, what)
    }
  }
})

test("authorisation: another account's ids are not there, and its lists are empty [206]", async (t) => {
  const api = await startInspector(t)
  const { secret } = await api.token(2, ['admin'])
  for (const row of api.inspector.routes.filter(({ url }) => url.startsWith('/api/v1/'))) {
    const path = await pathOf(api, row)
    const what = `${row.method} ${row.url}`
    if (row.url.includes(':id')) {
      assert.equal(await statusOf(api, row, path, secret), 404, what)
    } else if (row.url.endsWith('/stats')) {
      const { totals } = (await api.raw('GET', path, { token: secret })).body
      assert.equal(totals.events, 0, what)
    } else if (
      row.method === 'GET' &&
      !/\/(?:openapi\.json|session|health|instance|live)$/.test(row.url)
    ) {
      const { data } = (await api.raw('GET', path, { token: secret })).body
      assert.ok(
        data.every(({ name }: { name: string }) => name === 'test'),
        what,
      )
    }
  }
  const mine = await api.call('GET', '/workflows')
  assert.ok(mine.body.data.length > 0)
})

test("authorisation: a stranger's id and one that never was get the same answer [206]", async (t) => {
  const api = await startInspector(t)
  const { secret: token } = await api.token(2, ['admin'])
  const { id } = await api.workflow()
  const [theirs, nobodys] = await Promise.all(
    [id, 'wf_00000000000000000000000000'].map((one) =>
      api.call('GET', `/workflows/${one}`, { token }),
    ),
  )
  assert.equal(
    theirs!.text.replace(id, 'X'),
    nobodys!.text.replace('wf_00000000000000000000000000', 'X'),
  )
})

test("authorisation: another account's event does not come into a test [206]", async (t) => {
  const api = await startInspector(t)
  const event = await seedEvent(api, await api.workflow())
  const { secret: token } = await api.token(2, ['admin'])
  const definition = { name: 'Theirs', steps: [{ type: 'code', code: 'return 1' }] }
  const theirs = await api.call('POST', '/workflows', { token, body: definition })
  const stolen = await api.call('POST', `/workflows/${theirs.body.id}/test`, {
    token,
    body: { event },
  })
  assert.equal(stolen.status, 404)
  assert.equal(api.submitted.length, 0)
})

test('authorisation: a token in a query string is refused, with or without a header [204]', async (t) => {
  const api = await startInspector(t)
  const { secret } = await api.token(1, ['admin'])
  for (const { method, url } of api.inspector.routes.filter(({ scope }) => scope !== 'open')) {
    for (const name of ['token', 'access_token', 'api_key']) {
      const path = `${url.replace(/:\w+/g, 'x')}?${name}=${secret}`
      const what = `${method} ${path}`
      assert.equal((await api.raw(method, path, { token: null })).status, 401, what)
      if (url !== '/metrics') assert.equal((await api.raw(method, path)).status, 400, what)
    }
  }
})
