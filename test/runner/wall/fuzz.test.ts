/**
 * [R40] The server's side of the line under random and spoiled frames: no crash, no unhandled rejection, no
 * result credited to a run that the frame did not speak of, and never one of another process.
 *
 * In the first test the guest is `cat`, which says what the fuzzer wrote; in the second there is none, only
 * streams and their peers; in the third it is real user code that writes to descriptor 3. A minute in CI, a few seconds otherwise. On failure it prints the seed:
 * SENDOFF_FUZZ_SEED=<seed> begins with that round.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '../../../src/model/limits.ts'
import { GuestSockets } from '../../../src/runner/guest-sockets.ts'
import { FrameReader, FrameWriter, ProtocolError, frameKind } from '../../../src/runner/protocol.ts'
import { TunnelRoom, createTunnelRooms } from '../../../src/runner/tunnel-room.ts'
import { readUpMessage } from '../../../src/runner/up-message.ts'
import { randomOf } from '../../support/random.ts'
import type { Random } from '../../support/random.ts'
import { jobOf, openTunnel, startRunner } from '../../support/run-code.ts'
import { HELLO, encode, framesOf, plausibleFrame, spoil, spoilBytes, strayFrame } from './frames.ts'
import { hear, HONEST_MS } from './spoken.ts'
import type { Deps, Told } from './spoken.ts'

const isCi = process.env['SENDOFF_TEST_REQUIRE'] !== undefined || process.env['CI'] === 'true'
const DURATION_MS = isCi ? 20_000 : 1_500
const SEED = Number(process.env['SENDOFF_FUZZ_SEED'] ?? Date.now() & 0x7fff_ffff)
const HOSTILE_AT_ONCE = 8
/** Parsing alone costs next to nothing. */
const PARSED_PER_GUEST = 20

/** Runs rounds until the time is up, naming the seed of one that fails. */
async function rounds(t: TestContext, round: (seed: number) => Promise<void>): Promise<void> {
  const end = performance.now() + DURATION_MS
  let seed = SEED
  const stray: unknown[] = []
  const note = (error: unknown): void => void stray.push(error)
  process.on('unhandledRejection', note).on('uncaughtException', note)
  try {
    while (performance.now() < end) {
      await round(seed)
      if (stray.length > 0) throw stray[0]
      seed++
    }
  } catch (cause) {
    throw new Error(`SENDOFF_FUZZ_SEED=${seed} finds it again`, { cause })
  } finally {
    process.off('unhandledRejection', note).off('uncaughtException', note)
  }
  t.diagnostic(`${seed - SEED} rounds from SENDOFF_FUZZ_SEED=${SEED}`)
  assert.ok(seed > SEED, 'not one round was run')
}

/** What must be so of any result, whatever the guest said. */
function checkResult(
  { nonce, result, times }: Told,
  others: readonly string[],
  isOwnWord: boolean,
): void {
  assert.equal(times, 1, 'a run is settled once')
  const { outcome, sends } = result
  assert.ok(['succeeded', 'failed', 'ended', 'timed_out'].includes(outcome.status))
  assert.equal(outcome.steps.length, 2)
  assert.ok(sends.length <= limits.runSends)
  const text = JSON.stringify(result, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  )
  assert.ok(text.length < limits.runLogBytes + 2 * limits.runExportBytes + limits.runSendBytes)
  for (const other of others)
    if (other !== nonce) assert.ok(!text.includes(other), `${nonce} was given what ${other} said`)
  if (isOwnWord) assert.equal(outcome.status, 'succeeded')
}

const nonceOf = (random: Random): string => random.bytes(16).toString('base64url')

test('[R40] [251] fuzz: spoiled frames crash nothing and are credited to no other run', async (t) => {
  const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  t.after(() => echo.close())
  const { port } = echo.address() as AddressInfo
  const deps: Deps = {
    tunnel: ({ host }, signal) =>
      host === 'echo'
        ? openTunnel({ host: '127.0.0.1', port }, signal)
        : Promise.reject(Object.assign(new Error('refused'), { code: 'blocked' })),
    roomOf: createTunnelRooms(),
  }

  await rounds(t, async (seed) => {
    const random = randomOf(seed)
    const good = nonceOf(random)
    const hostile = Array.from({ length: HOSTILE_AT_ONCE }, () => hostileGuest(random, good))
    const honest = hear(deps, [good], encode([HELLO, ...framesOf(good)]), HONEST_MS)
    const strangers = hostile.flatMap(({ own }) => own)
    await Promise.all(
      hostile.map(async ({ own, bytes, areBytesSpoiled }) => {
        const { told, late } = await hear(deps, own, bytes)
        // Where bytes were moved about, a frame of one run may truly carry the text of its neighbour.
        const others = [good, ...strangers].filter((run) => !areBytesSpoiled || !own.includes(run))
        for (const each of told) checkResult(each, others, false)
        for (const { eventId, entry } of areBytesSpoiled ? [] : late)
          if (own.includes(entry.text)) assert.equal(entry.text, eventId)
      }),
    )
    const { told, late } = await honest
    for (const each of told) checkResult(each, strangers, true)
    assert.deepEqual(late, [])
  })
  await untilNobody(echo)
})

/** Some runs in one process, and what it says of them, of another process's run, and besides. */
function hostileGuest(random: Random, stranger: string) {
  const own = Array.from({ length: 1 + random.below(4) }, () => nonceOf(random))
  const frames = interleaved(random, own.map(framesOf))
  const spoiled = encode([HELLO, ...spoil(random, frames, [...own, stranger])])
  const areBytesSpoiled = random.chance(0.4)
  const bytes = areBytesSpoiled ? spoilBytes(random, spoiled) : spoiled
  parse(random, bytes)
  for (let times = 0; times < PARSED_PER_GUEST; times++) parse(random, spoilBytes(random, spoiled))
  return { own, bytes, areBytesSpoiled }
}

/** The sockets of a process that is gone are gone. */
async function untilNobody(server: ReturnType<typeof createServer>): Promise<void> {
  for (let tries = 0; tries < 3_000; tries++) {
    const open = await new Promise<number>((done) =>
      server.getConnections((_, count) => done(count)),
    )
    if (open === 0) return
    await sleep(10)
  }
  assert.fail('sockets are left of processes that are gone')
}

/** Mixes the frames of runs, each in its own order. */
function interleaved<Item>(random: Random, lists: readonly (readonly Item[])[]): readonly Item[] {
  const left = lists.map((list) => [...list])
  const mixed: Item[] = []
  while (left.some((list) => list.length > 0)) {
    const list = random.pick(left.filter(({ length }) => length > 0))
    mixed.push(list.shift()!)
  }
  return mixed
}

/** The parser alone: it throws nothing but its own error, and reads the same however the bytes are cut. */
function parse(random: Random, bytes: Buffer): void {
  const whole = read(bytes, [])
  const cuts = Array.from({ length: 5 }, () => random.below(bytes.length + 1))
  assert.deepEqual(
    read(
      bytes,
      cuts.toSorted((a, b) => a - b),
    ),
    whole,
  )
}

function read(bytes: Buffer, cuts: readonly number[]): readonly string[] {
  const heard: string[] = []
  const reader = new FrameReader(1_000_000)
  const onFrame = (kind: number, stream: number, payload: Uint8Array): void => {
    if (kind === frameKind.message) heard.push(JSON.stringify(readUpMessage(payload).message))
    else heard.push(`${kind} ${stream} ${payload.length}`)
  }
  try {
    let at = 0
    for (const end of [...cuts, bytes.length]) {
      reader.read(bytes.subarray(at, end), onFrame)
      at = end
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    heard.push(error.message)
  }
  return heard
}

/** Peers of one round's streams: they take, send, end and break as chance has it. */
function peersOf(random: Random) {
  const peers: Duplex[] = []
  const connect = (): Duplex => {
    const write = (_chunk: unknown, _encoding: unknown, done: () => void): void =>
      random.chance(0.8) ? done() : void setImmediate(done)
    const peer = new Duplex({ read() {}, write, allowHalfOpen: random.chance(0.5) })
    peer.on('error', () => {})
    peers.push(peer)
    return Object.assign(peer, { setNoDelay() {} })
  }
  const act = (): void => {
    const peer = peers.length > 0 ? random.pick(peers) : null
    if (!peer || peer.destroyed || peer.readableEnded) return
    const deed = random.below(6)
    if (deed === 0) peer.destroy(new Error('broken'))
    else if (deed === 1) peer.push(null)
    else if (!peer.readableEnded) peer.push(random.bytes(random.below(2_000)))
  }
  return { peers, connect, act }
}

test('[R40] [251] fuzz: streams in any order end with their process, and give back what they took', async (t) => {
  const sockets = { total: limits.tunnelSockets, used: 0 }
  const bytes = { total: limits.tunnelBytesInMemory, used: 0 }
  await rounds(t, async (seed) => {
    const random = randomOf(seed)
    const runs = Array.from({ length: 3 }, () => nonceOf(random))
    const alive = new Set(runs)
    let opened = 0
    let connected = 0
    const { peers, connect, act } = peersOf(random)
    const heard = new FrameReader(1_000_000)
    const writer = new FrameWriter((said) => heard.read(said, () => {}))
    const streams = new GuestSockets({
      tunnel: async ({ host }) => {
        if (host !== 'echo' || random.chance(0.2)) throw new Error('refused')
        return connect() as unknown as Socket
      },
      writer,
      flush: () => writer.flush(),
      isFull: () => random.chance(0.05),
      hasRun: (nonce) => alive.has(nonce),
      room: new TunnelRoom(sockets, bytes),
      bytesPerRun: 200_000,
    })
    try {
      for (let turn = 0; turn < 300; turn++) {
        const run = random.pick([...alive, ...(random.chance(0.01) ? runs : [])])
        const { kind, stream, tail } = random.chance(0.01)
          ? strayFrame(random, run, random.below(opened + 2))
          : plausibleFrame(random, run, connected, opened + 1)
        if (kind === frameKind.open) opened = Math.max(opened, stream)
        if (kind !== frameKind.message) streams.receive(kind, stream, tail)
        act()
        if (random.chance(0.3)) {
          await new Promise(setImmediate)
          connected = opened
        }
        if (random.chance(0.1)) streams.drained()
        if (alive.size > 1 && random.chance(0.01)) {
          const [over] = alive
          alive.delete(over!)
          streams.closeRun(over!)
        }
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
    }
    streams.closeAll()
    await new Promise(setImmediate)
    assert.deepEqual([sockets.used, bytes.used], [0, 0])
    assert.ok(peers.every(({ destroyed }) => destroyed))
  })
})

/** In the guest: writes frames of chance, its own among the real ones, until the server has had enough. */
const SCRIBBLER = `
  const fs = require('node:fs')
  let state = $event.body.seed >>> 0
  const below = (end) => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return Math.floor(state / 2 ** 32 * end) }
  const pick = (items) => items[below(items.length)]
  const write = (bytes) => { for (let at = 0; at < bytes.length; ) { try { at += fs.writeSync(3, bytes, at) } catch (error) { if (error.code !== 'EAGAIN') throw error } } }
  const run = () => pick(['AAAAAAAAAAAAAAAAAAAAAA', '', 'x', 1, null])
  const head = () => pick([
    () => ({ type: pick(['begun', 'log', 'late', 'send', 'skipped', 'respond', 'end', 'done', 'idle', 'pong', 'hello', 'x']), run: run(), step: below(3), index: below(3), at: 1, level: 'log', text: 'stolen', reason: 'stolen', fields: {}, status: pick(['succeeded', 200]), durationMs: 1, message: null, error: null, exportsBytes: 0, left: [], id: below(3), headers: [] }),
    () => [], () => null, () => 'x', () => ({ __proto__: null, type: { toString: 1 } }),
  ])()
  const frame = () => {
    const json = Buffer.from(JSON.stringify(head())), size = Buffer.alloc(4), header = Buffer.alloc(9)
    size.writeUInt32BE(pick([json.length, json.length, json.length, below(2 ** 32)]))
    const payload = pick([Buffer.concat([size, json]), Buffer.concat([size, json]), Buffer.alloc(below(200), 7), Buffer.from('{"run":"x","host":"127.0.0.1","port":1}')])
    header.writeUInt32BE(pick([payload.length, payload.length, payload.length, payload.length + below(1000), below(2 ** 32)]))
    header[4] = pick([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, below(256)])
    header.writeUInt32BE(pick([0, 1, below(2 ** 32)]), 5)
    return Buffer.concat([header, payload])
  }
  for (let n = 0; n < 20; n++) {
    const bytes = frame()
    write(bytes.subarray(0, pick([bytes.length, bytes.length, below(bytes.length + 1)])))
    if (below(3) === 0) console.log('between'); if (below(3) === 0) await null
  }
  return 'scribbled'`

test('[R40] [251] fuzz: user code that scribbles on the line harms no other run', async (t) => {
  const runner = await startRunner({ blanks: 2 })
  t.after(() => runner.stop())
  const scribbler = jobOf(SCRIBBLER, { timeoutMs: 1_000, isolation: 'run' })
  const bystander = jobOf(`console.log($event.body.n); await null; return $event.body.n`)

  await rounds(t, async (seed) => {
    const body = Buffer.from(JSON.stringify({ seed }))
    const hostile = runner.run({ ...scribbler, request: { ...scribbler.request, body } })
    for (let n = 0; n < 5; n++) {
      const request = { ...bystander.request, body: Buffer.from(`{"n":${seed + n}}`) }
      const { outcome, sends } = await runner.run({ ...bystander, request })
      assert.equal(outcome.message, null)
      assert.deepEqual(
        outcome.steps.map(({ exports, logs }) => [exports['$return_value'], logs.length]),
        [[seed + n, 1]],
      )
      assert.equal(sends.length, 0)
    }
    const { outcome, sends } = await hostile
    assert.equal(outcome.steps.length, 1)
    assert.ok(!JSON.stringify(outcome.steps[0]!.logs).includes('stolen'))
    assert.equal(sends.length, 0)
  })
  assert.deepEqual(runner.late, [])
})
