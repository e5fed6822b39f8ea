/**
 * Slow steps, slow peers, and guests that are slow on purpose: what is under way for them waits at its
 * source, not in the server's memory.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { RunResult } from '../../src/runner/runner.ts'
import { jobOf, startRunner } from '../support/run-code.ts'
import type { TestRunner } from '../support/run-code.ts'
import { sequence, startHardPeer } from '../support/hard-peer.ts'
import type { HardPeer } from '../support/hard-peer.ts'

const MIB = 1024 * 1024
/** Chunks that were read already take up to 50; where nothing is held up, it is 200 and more. */
const GROWTH_BYTES = 128 * MIB
const LARGE_BYTES = 200 * MIB
const RUNS = 8
/** How long it takes is not what is looked at. */
const UNHURRIED = { timeoutMs: 120_000 }

let runner: TestRunner
let peer: HardPeer
before(async () => {
  peer = await startHardPeer()
  runner = await startRunner({ processesPerProgram: 1 })
  // What a first use needs for good is not the growth that is meant here.
  await runner.code(`for await (const chunk of await ${dial(`count ${MIB}`)});`)
})
after(async () => {
  await runner.stop()
  peer.stop()
})

/** User code that connects and says what it wants. */
const dial = (wish: string): string =>
  `new Promise((ok, no) => { const s = require('net').connect({ host: '127.0.0.1', port: ${peer.port}, allowHalfOpen: true }, () => { s.write(${JSON.stringify(`${wish}\n`)}); ok(s) }); s.on('error', no) })`

/** The most that this process held while something went on, above what it held before. */
async function growthDuring(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 10)
  await work()
  clearInterval(watch)
  return most - before
}

/** Resolves once the source is held up: what it has sent stays the same. */
async function heldUp(): Promise<number> {
  for (let last = -1; ;) {
    const sent = await peer.sent()
    if (sent === last && sent > 0) return sent
    last = sent
    await delay(400)
  }
}

test('back-pressure: an endless download into a step that does not read stays at its source', async () => {
  const slow = await startRunner({ processesPerProgram: 1 })
  const job = jobOf(
    `const all = await Promise.all(Array.from({ length: 20 }, () => ${dial('endless')}))
     for (const s of all) s.pause()
     await new Promise(() => {})`,
  )
  const running = Promise.allSettled(Array.from({ length: RUNS }, () => slow.run(job)))
  const growth = await growthDuring(async () => void (await heldUp()))
  await slow.stop()
  const results = await running
  assert.ok(results.every(({ status }) => status === 'rejected'))
  assert.ok(growth < GROWTH_BYTES, `${growth / MIB} MiB`)
})

test('back-pressure: nor does it grow the server when the guest does not even read its line', async () => {
  const job = jobOf(
    `globalThis.open ??= 0
     const all = await Promise.all(Array.from({ length: 60 }, () => ${dial('endless')}))
     let bytes = 0
     for (const s of all) s.on('data', (chunk) => { bytes += chunk.length })
     if (++globalThis.open === ${RUNS}) { console.log('blocked'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500) }
     while (globalThis.open < ${RUNS} || bytes < 2_000_000) await new Promise((ok) => setTimeout(ok, 20))
     return bytes`,
    UNHURRIED,
  )
  let results: RunResult[] = []
  const growth = await growthDuring(async () => {
    results = await Promise.all(Array.from({ length: RUNS }, () => runner.run(job)))
  })
  assert.deepEqual(new Set(results.map(({ outcome }) => outcome.message)), new Set([null]))
  assert.equal(results.filter(({ outcome }) => outcome.steps[0]!.logs.length > 0).length, 1)
  assert.ok(growth < GROWTH_BYTES, `${growth / MIB} MiB`)
})

test('back-pressure: 200 MB arrive whole at a step that reads them', async () => {
  const hash = createHash('sha256')
  sequence(LARGE_BYTES, (part) => hash.update(part))
  const { outcome } = await runner.code(
    `const s = await ${dial(`count ${LARGE_BYTES}`)}; const hash = require('crypto').createHash('sha256')
     for await (const chunk of s) hash.update(chunk); return hash.digest('hex')`,
    UNHURRIED,
  )
  assert.equal(outcome.message, null)
  assert.equal(outcome.steps[0]!.exports['$return_value'], hash.digest('hex'))
})

test('back-pressure: 200 MB for a peer that does not read wait in the step, and arrive whole later', async () => {
  const running = runner.code(
    `const s = await ${dial('later')}; const { createHash, randomBytes } = require('crypto'); const hash = createHash('sha256')
     const { Readable } = require('stream'); const part = randomBytes(65_521)
     const source = Readable.from((function* () { for (let sent = 0; sent < ${LARGE_BYTES}; sent += part.length) { hash.update(part); yield part } })())
     source.pipe(s); let answer = ''; for await (const chunk of s) answer += chunk
     return answer === hash.digest('hex')`,
    UNHURRIED,
  )
  const growth = await growthDuring(() => delay(1_500))
  peer.read()
  const { outcome } = await running
  assert.equal(outcome.message, null)
  assert.equal(outcome.steps[0]!.exports['$return_value'], true)
  assert.ok(growth < GROWTH_BYTES, `${growth / MIB} MiB`)
})
