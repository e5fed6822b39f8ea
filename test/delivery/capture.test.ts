/** What is kept of a response, whatever pieces it arrives in. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { array, assert as holds, constantFrom, nat, property, uint8Array } from 'fast-check'
import { ResponseCapture } from '../../src/delivery/capture.ts'
import { limits } from '../../src/model/limits.ts'

const piece = uint8Array({ minLength: 1, maxLength: 64 }).chain((bytes) =>
  constantFrom(1, 100, 1_000).map((times) => Buffer.from(bytes.join(',').repeat(times))),
)

test('capture: size, hash and the stored part do not depend on how a body is cut', () => {
  holds(
    property(array(piece, { maxLength: 8 }), nat(), (pieces, seed) => {
      const body = Buffer.concat(pieces)
      const cut = seed % (body.length + 1)
      const taken = [pieces, [body.subarray(0, cut), body.subarray(cut)]].map((parts) => {
        const capture = new ResponseCapture()
        capture.begin(200, [])
        for (const part of parts) capture.push(part)
        return capture.finish(true)!
      })
      for (const { body: stored, size, sha256, truncated } of taken) {
        assert.deepEqual(Buffer.from(stored), body.subarray(0, limits.responseStoredBytes))
        assert.equal(size, body.length)
        assert.equal(sha256, createHash('sha256').update(body).digest('hex'))
        assert.equal(truncated, body.length > limits.responseStoredBytes)
      }
    }),
  )
})

test('capture: what is kept does not change with the buffer it came in', () => {
  const capture = new ResponseCapture()
  const chunk = Buffer.from('abc')
  capture.begin(200, [])
  capture.push(chunk)
  chunk.fill(0)
  assert.equal(Buffer.from(capture.finish(true)!.body).toString(), 'abc')
})

test('capture: without a final status there is no response', () => {
  const capture = new ResponseCapture()
  capture.begin(103, [Buffer.from('a'), Buffer.from('b')])
  assert.equal(capture.finish(true), null)
})

test('[117] capture: header values are kept byte by byte', () => {
  const capture = new ResponseCapture()
  capture.begin(200, [Buffer.from('x'), Buffer.from([0xe9, 0xff])])
  assert.deepEqual(capture.finish(true)!.headers, [['x', 'éÿ']])
})

test('[104] capture: of many headers those that are acted upon are kept, wherever they stand', () => {
  const many = Array.from({ length: 120 }, (_, i) => [`x-${i}`, '1'])
  const acted = ['Location', 'Retry-After', 'Content-Encoding', 'content-type'].map((n) => [n, 'v'])
  const raw = [...many, ...acted].flat().map((text) => Buffer.from(text))
  const capture = new ResponseCapture()
  capture.begin(302, raw)
  const { headers, truncated } = capture.finish(true)!
  assert.equal(headers.length, 100)
  assert.deepEqual(headers.slice(96), acted)
  assert.deepEqual(headers[95], ['x-95', '1'])
  assert.equal(truncated, true)
})
