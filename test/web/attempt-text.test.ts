/** Attempts as text, for comparing them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttemptWire } from '../../src/inspector/wire-event.ts'
import { attemptText } from '../../web/model/attempt-text.ts'

const request = { method: 'POST', url: 'https://a.example/', headers: [['x-a', '1']] } as const
const delivery = { request } as never
const attempt: AttemptWire = {
  number: 1,
  startedAt: '2026-11-25T00:00:00.000Z',
  outcome: 'failed',
  code: 'http_status',
  remoteAddress: '203.0.113.7:443',
  timings: {
    queuedMs: 0,
    dnsMs: 1,
    connectMs: 1,
    tlsMs: 1,
    firstByteMs: 10,
    totalMs: 12,
  },
  request: null,
  response: {
    status: 500,
    headers: [['content-type', 'application/json']],
    body: '{"a":1}',
    bodyEncoding: 'utf8',
    size: 7,
    sha256: '',
    truncated: true,
  },
  error: { message: 'The receiver answered 500', detail: null },
}

test('attempt text: request, way and answer, each on its lines', () => {
  assert.equal(
    attemptText(attempt, delivery),
    'POST https://a.example/\nx-a: 1\n\nto 203.0.113.7:443\ntook 12 ms\n' +
      'http_status: The receiver answered 500\n\nHTTP/1.1 500 · 7 B\n' +
      'content-type: application/json\n\n{\n  "a": 1\n}\n(cut)',
  )
})

test('attempt text: one that reached nobody says so', () => {
  const cut = { ...attempt, remoteAddress: null, timings: null, response: null, error: null }
  assert.equal(
    attemptText(
      { ...cut, request: { ...request, url: 'https://b.example/', headers: [] } },
      delivery,
    ),
    'POST https://b.example/\n\nto no address',
  )
})
