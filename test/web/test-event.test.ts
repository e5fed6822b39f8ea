/** Requests that somebody makes up, and what is kept of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deriveEvent } from '../../src/model/derive-event.ts'
import { requestFromEvent } from '../../src/model/request-from-event.ts'
import { dropSample, keepSample, readSamples } from '../../web/model/samples.ts'
import { bodyHint, eventOfRequest, newRequest, requestOfEvent } from '../../web/model/test-event.ts'
import type { TestRequest } from '../../web/model/test-event.ts'

const arrived = (request: TestRequest) => deriveEvent(requestFromEvent(eventOfRequest(request)))

test('test event: arrives with the method, path, query, headers and body that were typed', () => {
  const event = arrived({
    method: 'put',
    path: 'a%20b/c?x=1&x=2&y=ü',
    headers: [
      { name: ' X-Case ', value: 'Kept' },
      { name: '', value: 'dropped' },
      { name: 'content-type', value: 'application/json' },
    ],
    body: { kind: 'text', text: '{"name": "Łukasz 🚀"}' },
  })
  assert.deepEqual(
    [event.method, event.path, event.query],
    ['PUT', '/a%20b/c', { x: ['1', '2'], y: 'ü' }],
  )
  assert.equal(event.headers['x-case'], 'Kept')
  assert.deepEqual(event.body, { name: 'Łukasz 🚀' })
  assert.deepEqual(event.proto.headers[0], ['X-Case', 'Kept'])
})

test('test event: a stored event is edited as the request that it was', () => {
  const event = arrived(newRequest)
  const request = requestOfEvent({ event })
  assert.deepEqual(request, newRequest)
})

test('test event: bytes that are no text go along as they are', () => {
  const body = {
    kind: 'bytes',
    base64: Buffer.from([0xff, 0, 1]).toString('base64'),
    size: 3,
  } as const
  const request: TestRequest = { method: 'POST', path: '/', headers: [], body }
  const event = arrived(request)
  assert.equal(event.inferred_body_type, 'BINARY')
  assert.deepEqual(requestOfEvent({ event }).body, body)
})

test('test event: a body that says it is JSON and is not gets a hint', () => {
  assert.equal(bodyHint(newRequest), null)
  const broken: TestRequest = { ...newRequest, body: { kind: 'text', text: '{' } }
  assert.match(bodyHint(broken)!, /^Not JSON, so it arrives as text: /)
  assert.equal(bodyHint({ ...broken, headers: [] }), null)
})

test('samples: kept by name, the newest first, twenty at most, and what is no list is none', () => {
  const values = new Map<string, string>()
  const shelf = {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
  }
  for (let i = 0; i < 25; i++) keepSample(shelf, 'wf_1', { name: `s${i}`, request: newRequest })
  keepSample(shelf, 'wf_1', { name: 's20', request: { ...newRequest, method: 'GET' } })
  const samples = readSamples(shelf, 'wf_1')
  assert.deepEqual(
    [samples.length, samples[0]!.name, samples[0]!.request.method],
    [20, 's20', 'GET'],
  )
  assert.deepEqual(readSamples(shelf, 'wf_2'), [])
  assert.equal(dropSample(shelf, 'wf_1', 's20').length, 19)
  values.set('sendoff.samples.wf_1', '{broken')
  assert.deepEqual(readSamples(shelf, 'wf_1'), [])
})
