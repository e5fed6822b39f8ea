/** The trigger and browsers: SPEC section 2's sentence on `OPTIONS`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { http, KEY, startTrigger, statuses } from '../support/trigger.ts'

test('trigger: [147] OPTIONS with Access-Control-Request-Method is 204, echoes the requested headers, and is no event', async (t) => {
  const trigger = await startTrigger(t)
  const answer = await fetch(`${trigger.url}/x`, {
    method: 'OPTIONS',
    headers: {
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'x-a, content-type',
      origin: 'https://shop.example',
    },
  })
  assert.equal(answer.status, 204)
  assert.equal(answer.headers.get('access-control-allow-origin'), '*')
  assert.equal(answer.headers.get('access-control-allow-methods'), 'GET,HEAD,PUT,PATCH,POST,DELETE')
  assert.equal(answer.headers.get('access-control-allow-headers'), 'x-a, content-type')
  assert.equal(await answer.text(), '')
  assert.deepEqual(trigger.store.events, [])
})

test('trigger: a preflight that requests no headers is told of none', async (t) => {
  const trigger = await startTrigger(t)
  const headers = { 'access-control-request-method': 'POST' }
  const answer = await fetch(trigger.url, { method: 'OPTIONS', headers })
  assert.equal(answer.status, 204)
  assert.equal(answer.headers.get('access-control-allow-headers'), null)
})

test('trigger: OPTIONS without Access-Control-Request-Method is an event', async (t) => {
  const trigger = await startTrigger(t)
  const answer = await fetch(trigger.url, { method: 'OPTIONS' })
  assert.equal(answer.status, 200)
  assert.equal(trigger.store.events[0]!.request.method, 'OPTIONS')
})

test('trigger: every other answer carries Access-Control-Allow-Origin: *, broken requests included', async (t) => {
  const trigger = await startTrigger(t)
  const target = `/t/${KEY}`
  const requests: readonly (readonly [number, string])[] = [
    [200, http(`POST ${target} HTTP/1.1`, 'Host: h', 'Connection: close')],
    [400, http(`POST ${target} HTTP/1.1`, 'Connection: close')],
    [400, http(`POST ${target} HTTP/1.1`, 'Host: h', 'Content-Length: x')],
    [404, http('POST /t/x HTTP/1.1', 'Host: h', 'Connection: close')],
    [417, http(`POST ${target} HTTP/1.1`, 'Host: h', 'Expect: x', 'Connection: close')],
    [431, http(`POST ${target} HTTP/1.1`, 'Host: h', `X: ${'x'.repeat(17_000)}`)],
  ]
  for (const [status, text] of requests) {
    const answer = await trigger.raw(text)
    assert.deepEqual(statuses(answer), [status])
    assert.match(answer, /\r\nAccess-Control-Allow-Origin: \*\r\n/)
  }
})
