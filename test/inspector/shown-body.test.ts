/** Bodies as the API shows them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { shownAnswer, shownBody } from '../../src/inspector/shown-body.ts'
import { limits } from '../../src/model/limits.ts'

const received = (coding: string | null, truncated = false) => ({
  truncated,
  headers: coding === null ? [] : ([['Content-Encoding', coding]] as const),
})

test('shown body: UTF-8 is text, byte for byte, and anything else base64 [117]', () => {
  const texts = ['', 'plain', 'é 中 😀', '\0', '﻿marked', '<script>']
  for (const text of texts) {
    assert.deepEqual(shownBody(Buffer.from(text)), { body: text, bodyEncoding: 'utf8' })
  }
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0x68, 0x69, 0xfe]]) {
    const body = Buffer.from(bytes).toString('base64')
    assert.deepEqual(shownBody(Buffer.from(bytes)), { body, bodyEncoding: 'base64' })
  }
})

test('shown body: an answer that declares its charset is shown as the text it is [117]', () => {
  const of = (type: string) => ({ truncated: false, headers: [['Content-Type', type]] as const })
  for (const [bytes, type, body] of [
    [[0x63, 0x61, 0x66, 0xe9], 'text/plain; charset=ISO-8859-1', 'café'],
    [[0x82, 0xa0], 'text/html;charset="shift_jis"', 'あ'],
    // Declared wrongly.
    [[0x63, 0x61, 0x66, 0xc3, 0xa9], 'text/plain; charset=iso-8859-1', 'café'],
  ] as const) {
    assert.equal(shownAnswer(Buffer.from(bytes), of(type)).body, body)
  }
  for (const type of ['text/plain', 'text/plain; charset=none', 'text/plain; charset=utf-16']) {
    assert.equal(shownAnswer(Buffer.from([0x61, 0xe9]), of(type)).bodyEncoding, 'base64', type)
  }
})

test('shown body: a cut in the middle of a character does not make text of bytes [114]', () => {
  const whole = Buffer.from('naïve 😀')
  for (let cut = 1; cut <= whole.length; cut++) {
    const { body, bodyEncoding } = shownAnswer(whole.subarray(0, cut), received(null, true))
    assert.equal(bodyEncoding, 'utf8')
    assert.ok('naïve 😀'.startsWith(body) && body.length >= cut - 5, body)
  }
  assert.equal(shownAnswer(whole, received(null, true)).body, 'naïve 😀')
  assert.equal(shownAnswer(whole.subarray(0, 3), received(null)).bodyEncoding, 'base64')
})

test('shown body: a compressed answer is shown as the text it holds', () => {
  const text = '{"fine":true}'
  for (const [coding, bytes] of [
    ['gzip', gzipSync(text)],
    ['X-GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br, gzip', gzipSync(brotliCompressSync(text))],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
  ] as const) {
    assert.deepEqual(shownAnswer(bytes, received(coding)), {
      body: text,
      bodyEncoding: 'utf8',
      truncated: false,
    })
  }
})

test('shown body: of a compressed answer that is too long the beginning is shown, and said to be one', () => {
  const text = Array.from({ length: 9_000 }, (_, i) => `{"näme":"${i * 7919}"}`).join(',\n')
  assert.ok(text.length > 2 * limits.responseStoredBytes)
  const br = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })
  // Not zstd: its blocks are of 128 KiB, more than is unpacked.
  for (const [coding, bytes] of [
    ['gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', br],
    ['br, gzip', gzipSync(br)],
  ] as const) {
    for (const received of [bytes, bytes.subarray(0, bytes.length - 100)]) {
      const isCut = received !== bytes
      const shown = shownAnswer(received, {
        truncated: isCut,
        headers: [['content-encoding', coding]],
      })
      assert.equal(shown.bodyEncoding, 'utf8', coding)
      assert.equal(shown.truncated, true)
      assert.ok(text.startsWith(shown.body), coding)
      assert.ok(shown.body.length > 10_000, `${coding} ${shown.body.length}`)
    }
  }
})

test('shown body: a bomb, a lie and an unknown coding are shown as they came [115] [116]', () => {
  const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024))
  assert.ok(bomb.length < limits.responseStoredBytes)
  const begun = performance.now()
  const shown = shownAnswer(bomb, received('gzip'))
  assert.ok(performance.now() - begun < 500, 'it was unpacked whole')
  assert.equal(shown.bodyEncoding, 'base64')
  assert.equal(shown.body, bomb.toString('base64'))
  assert.equal(shownAnswer(Buffer.from('not gzip'), received('gzip')).body, 'not gzip')
  assert.equal(shownAnswer(Buffer.from('as is'), received('rot13')).body, 'as is')
  assert.equal(shownAnswer(Buffer.from('as is'), received('identity')).body, 'as is')
})

test('shown body: what was unpacked before it was stored is not unpacked again', () => {
  const inner = gzipSync('an archive of its own')
  const { bodyEncoding } = shownAnswer(inner, { ...received('gzip'), redacted: 'unpacked' })
  assert.equal(bodyEncoding, 'base64')
})
