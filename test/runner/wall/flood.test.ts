/**
 * Frames that are in order and change nothing: each costs the server a little and the guest next to
 * nothing, so that there must be an end to them. What is of use is paid for in runs, bytes and credit.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frameKind } from '../../../src/runner/protocol.ts'
import { createTunnelRooms } from '../../../src/runner/tunnel-room.ts'
import { HELLO, encode, framesOf } from './frames.ts'
import type { Frame } from './frames.ts'
import { hear, HONEST_MS } from './spoken.ts'

const RUN = 'AAAAAAAAAAAAAAAAAAAAAA'
const [BEGUN, ...REST] = framesOf(RUN)
const NOTHING = Buffer.alloc(0)
const json = (kind: number, value: object): Frame => ({
  kind,
  stream: 1,
  head: null,
  tail: Buffer.from(JSON.stringify(value)),
})
const bare = (kind: number, tail = NOTHING): Frame => ({ kind, stream: 1, head: null, tail })
const OPEN = json(frameKind.open, { run: RUN, host: 'x', port: 1 })
const IDLE: Frame = { ...HELLO, head: { type: 'idle', left: [] } }

/** A tunnel that never connects keeps its streams open. */
const deps = { tunnel: () => new Promise<never>(() => {}), roomOf: createTunnelRooms() }

async function ending(frames: readonly Frame[]): Promise<string | null> {
  const said = encode([HELLO, BEGUN!, ...frames, ...REST])
  const { told } = await hear(deps, [RUN], said, HONEST_MS)
  return told[0]!.result.outcome.message
}

const FLOODS: Readonly<Record<string, readonly [Frame[], Frame, RegExp]>> = {
  'that it idles': [[], IDLE, /more of idling than of runs/],
  'that a run began': [[], BEGUN!, /a run begun twice/],
  'the end of a stream': [[OPEN], bare(frameKind.end), /more frames than are of use/],
  'no credit': [[OPEN], bare(frameKind.credit, Buffer.alloc(4)), /more frames than are of use/],
  'to whom a stream belongs': [[OPEN], json(frameKind.owner, { run: RUN }), /more frames than/],
  'the end of streams that are closed': [
    [OPEN, bare(frameKind.close)],
    bare(frameKind.close),
    /more frames than are of use/,
  ],
}

for (const [name, [before, frame, pattern]] of Object.entries(FLOODS)) {
  test(`[R40] [251] flood: a guest that says ${name} without end breaks the protocol`, async () => {
    assert.match((await ending([...before, ...Array<Frame>(400_000).fill(frame)])) ?? '', pattern)
  })
}

test('flood: a few such frames do no harm', async () => {
  for (const [before, frame] of Object.values(FLOODS))
    if (frame !== BEGUN)
      assert.equal(await ending([...before, ...Array<Frame>(500).fill(frame)]), null)
})
