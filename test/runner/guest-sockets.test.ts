/** The windows of tunnelled sockets: what a guest may send before its peer takes it, alone and all together. */
import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import type { Socket } from 'node:net'
import { limits } from '../../src/model/limits.ts'
import { GuestSockets } from '../../src/runner/guest-sockets.ts'
import { FIRST_WINDOW, FrameReader, FrameWriter, ProtocolError } from '../../src/runner/protocol.ts'
import { STREAM_WINDOW, frameKind, readNumber } from '../../src/runner/protocol.ts'
import { TunnelRoom, createTunnelRooms } from '../../src/runner/tunnel-room.ts'

type Taken = () => void

/** Sockets of one process whose peers take what is written only when they are told to. */
function socketsOf(room: TunnelRoom) {
  const taking: Taken[] = []
  const credit = new Map<number, number>()
  const closed = new Map<number, string>()
  const reader = new FrameReader(1_000_000)
  const writer = new FrameWriter((bytes) =>
    reader.read(bytes, (kind, id, payload) => {
      if (kind === frameKind.credit)
        credit.set(id, (credit.get(id) ?? FIRST_WINDOW) + readNumber(payload))
      if (kind === frameKind.close) closed.set(id, String(Buffer.from(payload)))
    }),
  )
  const peer = () =>
    Object.assign(
      new Duplex({ read() {}, write: (_chunk, _encoding, done) => void taking.push(done) }),
      { setNoDelay() {} },
    ) as unknown as Socket
  const sockets = new GuestSockets({
    tunnel: async () => peer(),
    writer,
    flush: () => writer.flush(),
    isFull: () => false,
    hasRun: () => true,
    room,
    bytesPerRun: Number.POSITIVE_INFINITY,
  })
  return {
    sockets,
    closed,
    open: async (id: number, run = 'run') => {
      sockets.receive(frameKind.open, id, Buffer.from(JSON.stringify({ run, host: 'x', port: 1 })))
      await new Promise(setImmediate)
    },
    /** Sends all that the stream has credit for; returns how much that was. */
    fill: (id: number): number => {
      const bytes = credit.get(id) ?? FIRST_WINDOW
      credit.set(id, 0)
      if (bytes > 0) sockets.receive(frameKind.data, id, new Uint8Array(bytes))
      return bytes
    },
    take: () => {
      for (const done of taking.splice(0)) done()
    },
  }
}

test('guest-sockets: a peer that takes nothing costs its first window; one byte more is a breach', async () => {
  const { sockets, open, fill } = socketsOf(createTunnelRooms()())
  await open(1)
  assert.equal(fill(1), FIRST_WINDOW)
  assert.equal(fill(1), 0)
  assert.throws(() => sockets.receive(frameKind.data, 1, new Uint8Array(1)), ProtocolError)
})

test('guest-sockets: the window of a peer that keeps up grows to its bound, and no further', async () => {
  const { open, fill, take } = socketsOf(createTunnelRooms()())
  await open(1)
  const sent: number[] = []
  for (let round = 0; round < 8; round++) {
    sent.push(fill(1))
    take()
  }
  assert.equal(Math.max(...sent), STREAM_WINDOW)
  assert.equal(sent.at(-1), STREAM_WINDOW)
})

test('guest-sockets: what all may have under way is bounded; one process leaves the others room', async () => {
  const bytes = { total: 4 * STREAM_WINDOW, used: 0 }
  const sockets = { total: 100, used: 0 }
  const greedy = socketsOf(new TunnelRoom(sockets, bytes))
  for (let id = 1; id <= 40; id++) {
    await greedy.open(id)
    for (let round = 0; round < 6; round++) {
      greedy.fill(id)
      greedy.take()
    }
  }
  const held = Array.from({ length: 40 }, (_, i) => greedy.fill(i + 1)).reduce((a, b) => a + b)
  assert.ok(held <= 40 * FIRST_WINDOW + bytes.total / 2, `${held}`)
  const other = socketsOf(new TunnelRoom(sockets, bytes))
  await other.open(1)
  other.fill(1)
  other.take()
  assert.ok(other.fill(1) > FIRST_WINDOW)
  greedy.sockets.closeAll()
  other.sockets.closeAll()
  assert.deepEqual([sockets.used, bytes.used], [0, 0])
})

test('guest-sockets: sockets of all runs are bounded; who is refused is told, and another finds a place', async () => {
  const sockets = { total: 9, used: 0 }
  const bytes = { total: 0, used: 0 }
  const greedy = socketsOf(new TunnelRoom(sockets, bytes))
  for (let id = 1; id <= 5; id++) await greedy.open(id, `run ${id}`)
  assert.equal(greedy.closed.size, 1)
  assert.match(greedy.closed.get(5)!, /EMFILE.*as many connections open as they may/)
  const other = socketsOf(new TunnelRoom(sockets, bytes))
  await other.open(1)
  assert.equal(other.closed.size, 0)
})

test('guest-sockets: a run opens no more connections than it may, however politely it closes them', async () => {
  const { sockets, open } = socketsOf(createTunnelRooms()())
  for (let id = 1; id <= limits.runConnections; id++) {
    await open(id)
    sockets.receive(frameKind.close, id, new Uint8Array(0))
  }
  await assert.rejects(open(limits.runConnections + 1), ProtocolError)
})

test('guest-sockets: credit beyond a window is a breach', async () => {
  const { sockets, open } = socketsOf(createTunnelRooms()())
  await open(1)
  const credit = new Uint8Array(4)
  new DataView(credit.buffer).setUint32(0, STREAM_WINDOW - FIRST_WINDOW)
  sockets.receive(frameKind.credit, 1, credit)
  new DataView(credit.buffer).setUint32(0, 1)
  assert.throws(() => sockets.receive(frameKind.credit, 1, credit), ProtocolError)
})
