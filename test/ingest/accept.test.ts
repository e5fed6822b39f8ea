/** What the trigger accepts, and what of a request an event keeps. Titles quote SPEC section 2. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { IdSource, systemClock } from '../../src/clock.ts'
import { deriveEvent } from '../../src/model/derive-event.ts'
import { http, KEY, startTrigger, statuses, until } from '../support/trigger.ts'

test('trigger: any method, any path, any query and any media type become an event', async (t) => {
  const trigger = await startTrigger(t)
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'TRACE', 'QUERY']
  for (const method of methods) {
    const target = `/t/${KEY}/a/b?c=d`
    const answer = await trigger.raw(
      http(`${method} ${target} HTTP/1.1`, 'Host: h', 'Connection: close'),
    )
    assert.deepEqual([method, ...statuses(answer)], [method, 200])
  }
  assert.deepEqual(
    trigger.store.events.map(({ request }) => [request.method, request.path, request.uri]),
    methods.map((method) => [method, '/a/b', `/t/${KEY}/a/b?c=d`]),
  )
})

test('trigger: accepted is 200 and exactly {"success":true} (application/json)', async (t) => {
  const trigger = await startTrigger(t)
  const answer = await fetch(trigger.url, { method: 'POST', body: '{"a":1}' })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.equal(await answer.text(), '{"success":true}')
})

test('trigger: 200 is sent only after the event is on stable storage, without waiting for the run', async (t) => {
  const trigger = await startTrigger(t)
  const commit = Promise.withResolvers<void>()
  trigger.store.commit = () => commit.promise
  let answered = false
  const answer = fetch(trigger.url, { method: 'POST', body: 'x' }).finally(() => (answered = true))
  await until(() => trigger.store.batches.length === 1)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(answered, false)
  assert.deepEqual(trigger.handOver.offered, [])
  commit.resolve()
  assert.equal((await answer).status, 200)
  assert.equal(trigger.handOver.offered.length, 1)
})

test('trigger: HEAD is an event and its answer has no body', async (t) => {
  const trigger = await startTrigger(t)
  const answer = await trigger.raw(http(`HEAD /t/${KEY} HTTP/1.1`, 'Host: h', 'Connection: close'))
  assert.deepEqual(statuses(answer), [200])
  assert.match(answer, /\r\nContent-Length: 16\r\n/)
  assert.match(answer, /\r\n\r\n$/)
  assert.equal(trigger.store.events[0]!.request.method, 'HEAD')
})

test('trigger: an event keeps the request as it came: bytes, header case and order, target', async (t) => {
  const trigger = await startTrigger(t)
  const head = [
    `POST /t/${KEY}/%7Ex//y?q=%20&q=2#f HTTP/1.1`,
    'hOsT: Example.org:8080',
    'X-B: 1',
    'x-a: 2',
    'X-b: 3',
    'Content-Length: 4',
    'Connection: close',
  ]
  await trigger.raw(http(...head), Buffer.from([0, 255, 13, 10]))
  const [event] = trigger.store.events
  const { headers, body, clientIp, ...line } = event!.request
  assert.deepEqual(line, {
    method: 'POST',
    scheme: 'http',
    host: 'Example.org:8080',
    uri: `/t/${KEY}/%7Ex//y?q=%20&q=2#f`,
    path: '/%7Ex//y',
    httpVersion: '1.1',
  })
  assert.deepEqual(
    headers.map((pair) => pair.join(': ')),
    head.slice(1),
  )
  assert.deepEqual([...body], [0, 255, 13, 10])
  assert.equal(clientIp, '127.0.0.1')
})

test('trigger: an event belongs to the version that was current when it was accepted', async (t) => {
  const trigger = await startTrigger(t)
  await fetch(trigger.url)
  const saved = { ...trigger.store.endpoints.get(KEY)!, version: 4 }
  const { accountId, workflowId } = saved
  const headers = { 'content-length': 2, expect: '100-continue' }
  const slow = request(trigger.url, { method: 'POST', headers })
  slow.flushHeaders()
  await once(slow, 'continue')
  trigger.store.endpoints.set(KEY, saved)
  trigger.notifier.publish({ kind: 'workflow', accountId, workflowId, key: KEY })
  slow.end('ab')
  await once(slow, 'response')
  slow.destroy()
  assert.deepEqual(
    trigger.store.events.map(({ version }) => version),
    [3, 4],
  )
})

test('trigger: [141] a compressed body is kept as it came and never inflated', async (t) => {
  const trigger = await startTrigger(t)
  const bomb = gzipSync(Buffer.alloc(20_000_000))
  const headers = { 'content-encoding': 'gzip' }
  const answer = await fetch(trigger.url, { method: 'POST', headers, body: bomb })
  assert.equal(answer.status, 200)
  assert.deepEqual(Buffer.from(trigger.store.events[0]!.request.body), bomb)
})

test('trigger: [144] an event needs neither a body nor a content type, nor a right one', async (t) => {
  const trigger = await startTrigger(t)
  const bodies = ['', '{"a":1}', '<x/>', 'a=b', '\xff\xfe']
  const types = [
    undefined,
    'application/json',
    'text/plain; charset=none',
    'no type',
    'multipart/form-data',
  ]
  for (const body of bodies) {
    for (const type of types) {
      const lines = [`POST /t/${KEY} HTTP/1.1`, 'Host: h', `Content-Length: ${body.length}`]
      if (type !== undefined) lines.push(`Content-Type: ${type}`)
      const answer = await trigger.raw(http(...lines, 'Connection: close') + body)
      assert.deepEqual(statuses(answer), [200])
      assert.equal(Buffer.from(trigger.store.events.at(-1)!.request.body).toString('latin1'), body)
    }
  }
})

test('trigger: [142] the JSON test suite is accepted, byte for byte', async (t) => {
  const suite = resolve(import.meta.dirname, '../../../shared/data/json/test_parsing')
  if (!existsSync(suite)) return t.skip('../shared/data/json is not here')
  const trigger = await startTrigger(t)
  const headers = { 'content-type': 'application/json' }
  for (const name of readdirSync(suite)) {
    const body = readFileSync(join(suite, name))
    const answer = await fetch(trigger.url, { method: 'POST', headers, body })
    assert.equal(answer.status, 200, name)
    assert.ok(body.equals(trigger.store.events.at(-1)!.request.body), name)
  }
  assert.ok(trigger.store.events.length >= 300)
})

test('trigger: what an event keeps makes its $event', async (t) => {
  const trigger = await startTrigger(t)
  const headers = { 'content-type': 'text/plain', 'X-A': '1' }
  const target = `${trigger.url}/a%20b?c=d&c=e&f=g`
  await fetch(target, { method: 'PUT', headers, body: '{"a":1}' })
  const event = deriveEvent(trigger.store.events[0]!.request)
  assert.equal(event.method, 'PUT')
  assert.equal(event.url, target)
  assert.equal(event.path, '/a%20b')
  assert.deepEqual(event.query, { c: ['d', 'e'], f: 'g' })
  assert.equal(event.headers['x-a'], '1')
  assert.deepEqual([event.body, event.inferred_body_type], [{ a: 1 }, 'JSON'])
  assert.equal(event.client_ip, '127.0.0.1')
  assert.equal(event.proto.uri, target.slice(target.indexOf('/t/')))
})

test('trigger: <key> is unguessable (>= 96 random bits)', () => {
  const ids = new IdSource(systemClock)
  const keys = new Set(Array.from({ length: 1_000 }, () => ids.key()))
  assert.equal(keys.size, 1_000)
  for (const key of keys) assert.match(key, /^[0-7][0-9a-hjkmnp-tv-z]{25}$/) // 128 bits
})

test('trigger: a chunked body is the chunks, whatever their extensions and trailers say', async (t) => {
  const trigger = await startTrigger(t)
  const head = http(
    `POST /t/${KEY} HTTP/1.1`,
    'Host: h',
    'Transfer-Encoding: chunked',
    'Connection: close',
  )
  const answer = await trigger.raw(
    head,
    '3;x=y\r\nabc\r\n',
    '2\r\nde\r\n',
    '0\r\nX-Trailer: 1\r\n\r\n',
  )
  assert.deepEqual(statuses(answer), [200])
  assert.equal(Buffer.from(trigger.store.events[0]!.request.body).toString(), 'abcde')
})

test('trigger: a live listener hears of each event that was stored', async (t) => {
  const trigger = await startTrigger(t)
  const heard: string[] = []
  trigger.notifier.subscribe((hint) => {
    if (hint.kind === 'event') heard.push(hint.eventId)
  })
  await fetch(trigger.url)
  await fetch(trigger.url)
  assert.deepEqual(
    heard,
    trigger.store.events.map(({ id }) => id),
  )
})
