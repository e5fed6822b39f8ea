/** The frames of the line: any bytes, cut anywhere, come out whole or are refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  FrameReader,
  FrameWriter,
  ProtocolError,
  UP_FRAME_BYTES,
  frameKind,
  readMessage,
} from '../../src/runner/protocol.ts'
import { readUpMessage } from '../../src/runner/up-message.ts'

type Frame = { kind: number; stream: number; payload: string }

function read(bytes: Uint8Array, cuts: readonly number[], maxBytes = UP_FRAME_BYTES): Frame[] {
  const frames: Frame[] = []
  const reader = new FrameReader(maxBytes)
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  let at = 0
  for (const end of ends) {
    reader.read(bytes.subarray(at, end), (kind, stream, payload) =>
      frames.push({ kind, stream, payload: Buffer.from(payload).toString('hex') }),
    )
    at = end
  }
  return frames
}

function written(write: (writer: FrameWriter) => void): Buffer {
  const chunks: Uint8Array[] = []
  const writer = new FrameWriter((bytes) => chunks.push(Buffer.from(bytes)))
  write(writer)
  writer.flush()
  return Buffer.concat(chunks)
}

test('protocol: frames come out as they went in, however the bytes are cut', () => {
  const frame = fc.record({
    kind: fc.integer({ min: 0, max: 255 }),
    stream: fc.integer({ min: 0, max: 0xffff_ffff }),
    payload: fc.uint8Array({ maxLength: 40_000 }),
  })
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (frames, cuts) => {
        const bytes = written((writer) => {
          for (const { kind, stream, payload } of frames) writer.frame(kind, stream, payload)
        })
        const expected = frames.map(({ payload, ...rest }) => ({
          ...rest,
          payload: Buffer.from(payload).toString('hex'),
        }))
        assert.deepEqual(read(bytes, cuts), expected)
      },
    ),
    { numRuns: 200 },
  )
})

test('protocol: a message keeps its head and its bytes, of any size and any text', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 70_000 }),
      (json, text, tail) => {
        const head = { json, text }
        const [frame] = read(
          written((writer) => writer.message(head, tail)),
          [],
        )
        const message = readMessage(Buffer.from(frame!.payload, 'hex'))
        // Lone surrogates have no UTF-8: they arrive as U+FFFD.
        assert.deepEqual(message.head, { json: json.toWellFormed(), text: text.toWellFormed() })
        assert.deepEqual(Buffer.from(message.tail), Buffer.from(tail))
      },
    ),
    { numRuns: 200 },
  )
})

test('[R39] protocol: a frame over the limit is refused before a byte of it is kept', () => {
  const header = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0])
  assert.throws(() => read(header, []), ProtocolError)
  assert.throws(() => read(header, [1, 2, 3]), ProtocolError)
})

test('[R40] [251] protocol: random bytes are refused with a ProtocolError and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        for (const { payload } of read(bytes, [3, 11], 1_024))
          readUpMessage(Buffer.from(payload, 'hex'))
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    }),
    { numRuns: 2_000 },
  )
})

test('[251] protocol: a message is taken only if every field of it is in order', () => {
  const good: Record<string, unknown>[] = [
    { type: 'begun', run: 'x' },
    { type: 'log', run: 'x', step: 0, at: 1.5, level: 'warn', text: 'hi' },
    { type: 'skipped', run: 'x', step: 0, index: 3, reason: 'none' },
    { type: 'done', run: 'x', durationMs: 3 },
    { type: 'idle', left: ['Timeout'] },
    { type: 'pong', id: 1 },
    {
      type: 'end',
      run: 'x',
      step: 0,
      durationMs: 1,
      status: 'failed',
      message: null,
      exportsBytes: 2,
      error: { name: 'Error', message: 'no', stack: 'Error: no', line: 1, column: null },
    },
  ]
  const payloadOf = (head: unknown): Buffer =>
    written((writer) => writer.message(head as object)).subarray(9)
  const wrong: unknown[] = [undefined, null, -1, 1.5, 1e300, '', {}, [], 'x'.repeat(600_000), true]
  for (const head of good) {
    assert.deepEqual(readUpMessage(payloadOf(head)).message, head)
    for (const field of Object.keys(head)) {
      const refused = wrong.filter((value) => {
        try {
          readUpMessage(payloadOf({ ...head, [field]: value }))
          return false
        } catch (error) {
          return error instanceof ProtocolError
        }
      })
      assert.ok(
        refused.length >= 6,
        `${String(head['type'])}.${field}: only ${refused.length} refused`,
      )
    }
  }
  for (const head of [null, 1, 'begun', [], { type: 'nope' }, { type: 'constructor' }, {}])
    assert.throws(() => readUpMessage(payloadOf(head)), ProtocolError)
})

test('protocol: the kinds of frames are all different', () => {
  const kinds = Object.values(frameKind)
  assert.equal(new Set(kinds).size, kinds.length)
})
