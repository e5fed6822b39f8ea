/**
 * What a guest could say, for the fuzzer: the frames of a run as they should be, and ways to spoil them.
 * Every text that a frame carries names the run that the frame speaks of, so that a result which holds
 * the name of another run was credited wrongly.
 */
import { frameKind } from '../../../src/runner/protocol.ts'
import type { Random } from '../../support/random.ts'

export type Frame = {
  kind: number
  stream: number
  head: Record<string, unknown> | null
  tail: Buffer
}

const message = (head: Record<string, unknown>, tail = Buffer.alloc(0)): Frame => ({
  kind: frameKind.message,
  stream: 0,
  head,
  tail,
})

/** All that a run of two steps says when nothing goes wrong. */
export function framesOf(run: string): readonly Frame[] {
  return [message({ type: 'begun', run }), ...stepOf(run, 0), ...stepOf(run, 1), doneOf(run)]
}

const doneOf = (run: string): Frame => message({ type: 'done', run, durationMs: 1 })

function stepOf(run: string, step: number): readonly Frame[] {
  const exports = Buffer.from(JSON.stringify({ said: run }))
  const diff = Buffer.from(JSON.stringify([{ op: 'add', path: '/said', value: run }]))
  const fields = {
    method: 'POST',
    url: `https://example.com/${run}`,
    headers: [['x-run', run]],
    timeoutMs: 1_000,
    retry: null,
    followRedirects: 0,
    signed: false,
  }
  return [
    message({ type: 'log', run, step, at: 1, level: 'log', text: run }),
    message({ type: 'send', run, step, index: 0, fields, hasBody: true }, Buffer.from(run)),
    message({ type: 'skipped', run, step, index: 1, reason: run }),
    message(
      {
        type: 'end',
        run,
        step,
        durationMs: 1,
        status: 'succeeded',
        message: null,
        error: null,
        exportsBytes: exports.length,
      },
      Buffer.concat([exports, diff]),
    ),
  ]
}

export const HELLO: Frame = message({ type: 'hello' })

/** A frame that a guest might send besides, in order or not. */
export function strayFrame(random: Random, run: string, stream: number): Frame {
  const json = (kind: number, value: object): Frame => ({
    kind,
    stream,
    head: null,
    tail: Buffer.from(JSON.stringify(value)),
  })
  const host = random.pick(['127.0.0.1', 'localhost', '', 'x'.repeat(300)])
  return random.pick<() => Frame>([
    () => json(frameKind.open, { run, host, port: random.pick([1, 0, 70_000, -1, 'x']) }),
    () => json(frameKind.open, { run, host: 'echo', port: 7 }),
    () => json(frameKind.open, { run, host: 'echo', port: 7 }),
    () => json(frameKind.owner, { run }),
    () => ({ kind: frameKind.data, stream, head: null, tail: random.bytes(random.below(3_000)) }),
    () => ({ kind: frameKind.end, stream, head: null, tail: Buffer.alloc(0) }),
    () => ({ kind: frameKind.close, stream, head: null, tail: Buffer.alloc(0) }),
    () => ({ kind: frameKind.credit, stream, head: null, tail: random.bytes(4) }),
    () => ({ kind: frameKind.credit, stream, head: null, tail: Buffer.from([0, 0, 0, 9]) }),
    () => message({ type: 'late', run, step: 0, at: 1, level: 'warn', text: run }),
    () => message({ type: 'idle', left: random.pick([[], ['Timeout'], ['x'.repeat(200)], 1]) }),
    () => message({ type: 'pong', id: random.below(3) }),
    () =>
      message(
        {
          type: 'respond',
          run,
          step: 0,
          status: 200,
          headers: [['x-run', run]],
          immediate: random.chance(0.5),
          hasBody: true,
        },
        Buffer.from(run),
      ),
    () => HELLO,
  ])()
}

/** One that is in order as far as the guest can know: of a stream up to `connected`, or opening `next`. */
export function plausibleFrame(
  random: Random,
  run: string,
  connected: number,
  next: number,
): Frame {
  // Mostly the newest: a stream of which little is asked shows little.
  const stream = Math.max(1, connected - random.below(random.chance(0.8) ? 3 : connected))
  const bare = (kind: number, tail: Buffer = Buffer.alloc(0)): Frame => ({
    kind,
    stream,
    head: null,
    tail,
  })
  const host = random.chance(0.9) ? 'echo' : 'other'
  const open: Frame = {
    ...bare(frameKind.open, Buffer.from(JSON.stringify({ run, host, port: 7 }))),
    stream: next,
  }
  if (connected === 0) return open
  return random.pick<() => Frame>([
    () => open,
    () => bare(frameKind.data, random.bytes(random.below(3_000))),
    () => bare(frameKind.data, random.bytes(random.below(3_000))),
    () => bare(frameKind.credit, Buffer.from([0, 0, random.below(8), 1])),
    () => bare(random.chance(0.3) ? frameKind.end : frameKind.credit, Buffer.from([0, 0, 0, 1])),
    () => (random.chance(0.3) ? bare(frameKind.close) : open),
    () => bare(frameKind.owner, Buffer.from(JSON.stringify({ run }))),
  ])()
}

const WILD: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  'x',
  'x'.repeat(70_000),
  [],
  [[[[]]]],
  {},
  { toString: 1, valueOf: 2, toJSON: 3, constructor: 4 },
]

/** Spoils frames one by one: other runs, other places, other values; left out, doubled, moved, inserted. */
export function spoil(
  random: Random,
  frames: readonly Frame[],
  runs: readonly string[],
): readonly Frame[] {
  const rate = random.pick([0, 0.02, 0.1, 0.5])
  const spoiled = frames.flatMap((frame) => {
    if (!random.chance(rate)) return [frame]
    const run = random.pick(runs)
    return random.pick<() => readonly Frame[]>([
      () => [],
      () => [frame, frame],
      () => [frame, strayFrame(random, run, random.below(4))],
      () => [strayFrame(random, run, random.below(4)), frame],
      () => [frame, ...framesOf(run).filter(() => random.chance(0.3))],
      () => [{ ...frame, kind: random.below(12) }],
      () => [{ ...frame, tail: frame.tail.subarray(0, random.below(frame.tail.length + 1)) }],
      () => [{ ...frame, tail: Buffer.concat([frame.tail, random.bytes(random.below(50))]) }],
      () => [withWildField(random, frame)],
    ])()
  })
  if (!random.chance(rate)) return spoiled
  const [from, to] = [random.below(spoiled.length + 1), random.below(spoiled.length + 1)]
  return spoiled.toSpliced(to, 0, ...spoiled.splice(from, 1 + random.below(3)))
}

/** Any field but the run's: a text that was written for one run would else be said of another. */
function withWildField(random: Random, frame: Frame): Frame {
  if (!frame.head) return frame
  const name = random.pick(Object.keys(frame.head).filter((key) => key !== 'run'))
  const head = { ...frame.head }
  if (random.chance(0.2)) delete head[name]
  else head[name] = random.pick(WILD)
  return { ...frame, head }
}

export function encode(frames: readonly Frame[]): Buffer {
  const encoded = new Map<Frame, Buffer>()
  for (const frame of frames) if (!encoded.has(frame)) encoded.set(frame, encodeOne(frame))
  return Buffer.concat(frames.map((frame) => encoded.get(frame)!))
}

function encodeOne({ kind, stream, head, tail }: Frame): Buffer {
  const json = head === null ? null : Buffer.from(JSON.stringify(head))
  const size = Buffer.alloc(4)
  size.writeUInt32BE(json?.length ?? 0)
  const payload = json === null ? tail : Buffer.concat([size, json, tail])
  const header = Buffer.alloc(9)
  header.writeUInt32BE(payload.length)
  header[4] = kind
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

/** Spoils bytes: flipped, cut out, put in, doubled. */
export function spoilBytes(random: Random, bytes: Buffer): Buffer {
  let spoiled: Buffer = Buffer.from(bytes)
  for (let times = 1 + random.below(8); times > 0 && spoiled.length > 0; times--) {
    const at = random.below(spoiled.length)
    const length = random.below(60)
    spoiled = random.pick<() => Buffer>([
      () => {
        spoiled[at] = spoiled[at]! ^ (1 << random.below(8))
        return spoiled
      },
      () => Buffer.concat([spoiled.subarray(0, at), spoiled.subarray(at + length)]),
      () => Buffer.concat([spoiled.subarray(0, at), random.bytes(length), spoiled.subarray(at)]),
      () => Buffer.concat([spoiled.subarray(0, at + length), spoiled.subarray(at)]),
      () => spoiled.subarray(0, at),
    ])()
  }
  return spoiled
}
