/** Refusals: RFC 9457 throughout, headers on every answer, and nothing of our insides. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { startInspector } from '../support/inspector.ts'

test('problems: every kind of refusal is a problem document with its code', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const json = { 'content-type': 'application/json' }
  const table = [
    ['GET', '/nothing', {}, 404, 'route_unknown'],
    ['GET', `/workflows/${id}x`, {}, 404, 'not_found'],
    ['GET', `/workflows/${'x'.repeat(5_000)}`, {}, 404, 'not_found'],
    ['GET', '/workflows/%zz', {}, 400, 'invalid_request'],
    ['PUT', '/tokens', {}, 405, 'method_not_allowed'],
    ['POST', '/workflows', { body: '{"name":', headers: json }, 400, 'invalid_request'],
    ['POST', '/workflows', { body: '{"__proto__":{}}', headers: json }, 400, 'invalid_request'],
    ['POST', '/tokens', { headers: json }, 400, 'invalid_request'],
    [
      'POST',
      '/workflows',
      { body: 'a=1', headers: { 'content-type': 'text/plain' } },
      415,
      'media_type_unsupported',
    ],
    [
      'POST',
      '/workflows',
      { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'media_type_unsupported',
    ],
    ['POST', '/workflows', { body: `"${'x'.repeat(8 * 1024 * 1024)}"` }, 413, 'request_too_large'],
    ['GET', '/workflows', { token: null }, 401, 'unauthorized'],
    ['GET', '/workflows', { headers: { authorization: 'Basic eDp5' } }, 401, 'unauthorized'],
  ] as const
  for (const [method, path, options, status, code] of table) {
    const answer = await api.raw(method, `/api/v1${path}`, options)
    const what = `${method} ${path.slice(0, 40)}: ${answer.text.slice(0, 200)}`
    assert.deepEqual([answer.status, answer.body.code], [status, code], what)
    assert.equal(answer.headers.get('content-type'), 'application/problem+json', what)
    assert.equal(answer.body.status, status)
    assert.equal(answer.body.type, `urn:sendoff:error:${code}`)
    assert.match(answer.body.detail, /^Cannot [a-zA-Z]/, what)
    assert.deepEqual(Object.keys(answer.body).toSorted(), [
      'code',
      'detail',
      'status',
      'title',
      'type',
    ])
  }
})

test('problems: what is too large is answered to its sender, on a connection that goes on', async (t) => {
  const api = await startInspector(t)
  const body = `"${'x'.repeat(9 * 1024 * 1024)}"`
  const refused = await api.raw('POST', '/api/v1/workflows', { body })
  assert.equal(refused.status, 413)
  // Closed while more of the body arrives, it would be reset before the answer is read.
  assert.notEqual(refused.headers.get('connection'), 'close')
})

test('problems: a body that is not taken as JSON is told where, or which key', async (t) => {
  const api = await startInspector(t)
  const headers = { 'content-type': 'application/json' }
  for (const [body, detail] of [
    ['{"name": }', /the body is not JSON: Unexpected token '}'/],
    ['{"__proto__":{}}', /the body has a key __proto__/],
    ['{"constructor":{"prototype":{}}}', /a constructor with a prototype/],
  ] as const) {
    const answer = await api.raw('POST', '/api/v1/workflows', { body, headers })
    assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request'])
    assert.match(answer.body.detail, detail)
  }
})

test('problems: a bulk job is told what is wrong with the action it names', async (t) => {
  const api = await startInspector(t)
  for (const [body, detail] of [
    [{ action: 'replay', filter: { workflowId: 'x' } }, 'the field filter.workflowId is unknown'],
    [{ action: 'redeliver', filter: { nope: 'x' } }, 'the field filter.nope is unknown'],
    [{ action: 'replay', filter: {}, rate: 0 }, 'the field rate must be >= 1'],
    [{ action: 'again', filter: {} }, 'the field action must be one of redeliver, replay'],
    [{ filter: {} }, 'the field action is missing'],
  ] as const) {
    const answer = await api.raw('POST', '/api/v1/bulk', { body })
    assert.equal(answer.body.detail, `Cannot read the request: ${detail}`)
  }
})

test('problems: 401 asks for a bearer token, 405 says what is allowed', async (t) => {
  const api = await startInspector(t)
  const refused = await api.raw('GET', '/api/v1/workflows', { token: null })
  assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer/)
  const wrong = await api.raw('PATCH', '/api/v1/tokens')
  assert.equal(wrong.headers.get('allow'), 'GET, HEAD, POST')
})

test('problems: every answer carries the security headers and no CORS [225]', async (t) => {
  const api = await startInspector(t)
  for (const [method, path, token] of [
    ['GET', '/api/v1/workflows', undefined],
    ['GET', '/api/v1/workflows', null],
    ['GET', '/nowhere', null],
    ['GET', '/api/v1/%zz', null],
    ['GET', '/livez', null],
    ['OPTIONS', '/api/v1/workflows', null],
  ] as const) {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
    const answer = await api.raw(
      method,
      path,
      token === undefined ? { headers } : { token, headers },
    )
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer')
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'/)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    const cors = [...answer.headers.keys()].filter((name) => name.startsWith('access-control'))
    assert.deepEqual(cors, [], `${method} ${path}`)
  }
})

test('problems: a fault of ours is a 500 that shows nothing, and its cause is logged once', async (t) => {
  const secret = 'select password from account'
  const api = await startInspector(t, {
    checkDefinition: () => {
      throw new Error(secret)
    },
  })
  const answer = await api.raw('POST', '/api/v1/workflows', { body: {} })
  assert.deepEqual([answer.status, answer.body.code], [500, 'internal'])
  assert.ok(!answer.text.includes('password') && !answer.text.includes('.ts'))
  assert.equal(api.logged.length, 1)
  assert.match(String((api.logged[0] as { error: unknown }).error), /select password/)
})

test('problems: methods that HTTP libraries do not know are refused, not dropped', async (t) => {
  const api = await startInspector(t)
  const { hostname, port } = new URL(api.url)
  for (const method of ['PROPFIND', 'TRACE', 'M-SEARCH']) {
    const socket = connect(Number(port), hostname)
    socket.write(`${method} /api/v1/tokens HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    assert.match(chunk.toString(), /^HTTP\/1\.1 40[45] /, method)
    socket.destroy()
  }
})

test('problems: before start and after stop every request is a 503 with Retry-After', async (t) => {
  const api = await startInspector(t)
  await api.inspector.stop()
  await api.inspector.stop()
  const answer = await api.raw('GET', '/api/v1/workflows')
  assert.deepEqual([answer.status, answer.body.code], [503, 'draining'])
  assert.equal(answer.headers.get('retry-after'), '1')
})
