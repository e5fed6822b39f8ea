/** The host's side of a send: a frame from the guest is hostile input. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { limits } from '../../src/model/limits.ts'
import { checkSendFields, normaliseCall } from '../../src/model/send.ts'

const good = {
  method: 'POST',
  url: 'https://example.com/a?b=1',
  headers: [['x-a', '1']],
  body: Uint8Array.of(1),
  timeoutMs: 15_000,
  retry: null,
  followRedirects: 0,
  signed: false,
}

test('send frame: what the guest makes of a call passes unchanged', () => {
  const data = fc.oneof(fc.jsonValue(), fc.uint8Array(), fc.string())
  const headers = fc.dictionary(
    fc.constantFrom('X-A', 'Authorization', 'content-type', 'x-b'),
    fc.stringMatching(/^[ -~é]*$/),
  )
  fc.assert(
    fc.property(
      data,
      headers,
      fc.webUrl(),
      fc.dictionary(fc.string(), fc.string()),
      (data, headers, url, params) => {
        const call = normaliseCall({
          method: 'put',
          url,
          params,
          headers,
          data,
          retry: { attempts: 2 },
        })
        assert.ok(call.kind === 'send')
        assert.deepEqual(checkSendFields({ ...call.send, extra: 1 }), call.send)
      },
    ),
  )
})

const forged: readonly [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['text', 'x'],
  ['no fields', {}],
  ['a method in lower case', { ...good, method: 'post' }],
  ['CRLF in the method [251]', { ...good, method: 'GET / HTTP/1.1\r\nX: y' }],
  ['CONNECT', { ...good, method: 'CONNECT' }],
  ['a method that is an object', { ...good, method: { toUpperCase: () => 'POST' } }],
  ['no url', { ...good, url: null }],
  ['a file url', { ...good, url: 'file:///etc/passwd' }],
  ['a url not in its normal form', { ...good, url: 'HTTPS://example.com/a' }],
  ['a url with a fragment', { ...good, url: 'https://example.com/a#b' }],
  ['a url with an empty fragment', { ...good, url: 'https://example.com/a#' }],
  ['a url with credentials', { ...good, url: 'https://u:p@example.com/' }],
  [
    'a url past the limit',
    { ...good, url: `https://example.com/${'a'.repeat(limits.sendUrlBytes)}` },
  ],
  ['headers as an object', { ...good, headers: { a: 'b' } }],
  ['a header of three', { ...good, headers: [['a', 'b', 'c']] }],
  ['a header that is a number', { ...good, headers: [['a', 1]] }],
  ['a forbidden header', { ...good, headers: [['Host', 'internal']] }],
  ['CRLF in a header', { ...good, headers: [['a', 'b\r\nc: d']] }],
  ['a header past U+00FF', { ...good, headers: [['a', '中']] }],
  ['headers past the limit', { ...good, headers: Array.from({ length: 5_000 }, () => ['a', 'b']) }],
  ['a body that is text', { ...good, body: 'x' }],
  ['a body that is missing', { ...good, body: undefined }],
  ['a body past the limit', { ...good, body: new Uint8Array(limits.runSendBytes + 1) }],
  ['timeout 0', { ...good, timeoutMs: 0 }],
  ['a long timeout', { ...good, timeoutMs: limits.sendTimeoutMsMax + 1 }],
  ['retry undefined', { ...good, retry: undefined }],
  ['a forged retry', { ...good, retry: { attempts: 1e9 } }],
  ['too many redirects', { ...good, followRedirects: 99 }],
  ['signed as text', { ...good, signed: 'yes' }],
]
for (const [what, candidate] of forged) {
  test(`send frame: ${what} is refused`, () => {
    assert.throws(() => checkSendFields(candidate), TypeError)
  })
}

test('send frame: no JSON makes it throw anything but a TypeError [251]', () => {
  const field = fc.constantFrom(...Object.keys(good))
  fc.assert(
    fc.property(field, fc.jsonValue(), (key, value) => {
      try {
        checkSendFields({ ...good, [key]: value })
      } catch (error) {
        assert.ok(error instanceof TypeError)
      }
    }),
    { numRuns: 1_000 },
  )
})
