/** From a leased event to a durable run, with a real store and fake neighbours on both sides. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { IdSource, systemClock } from '../../src/clock.ts'
import { AppError } from '../../src/errors.ts'
import { Answers } from '../../src/execution/answers.ts'
import { execute } from '../../src/execution/execute.ts'
import type { ExecuteDeps } from '../../src/execution/execute.ts'
import { Executor } from '../../src/execution/executor.ts'
import { Versions } from '../../src/execution/versions.ts'
import type { HandOver } from '../../src/hand-over.ts'
import type { DeliveryTask, Send } from '../../src/model/delivery.ts'
import { checkDefinition } from '../../src/model/definition.ts'
import { maskNothing, NO_MASKS } from '../../src/model/redact-values.ts'
import type { NewEvent, QueuedEvent } from '../../src/model/event.ts'
import { limits } from '../../src/model/limits.ts'
import type { RunJob, RunResult } from '../../src/runner/runner.ts'
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'

const ids = new IdSource(systemClock)
const signal = new AbortController().signal

class Lanes implements HandOver {
  reserved = 0
  readonly offered: DeliveryTask[] = []
  readonly fits: (origin: string) => boolean
  constructor(fits: (origin: string) => boolean = () => true) {
    this.fits = fits
  }
  reserve(_accountId: number, origins: readonly string[]): readonly boolean[] {
    const places = origins.map(this.fits)
    this.reserved += places.filter(Boolean).length
    return places
  }
  offer(tasks: readonly DeliveryTask[]): void {
    this.reserved -= tasks.length
    this.offered.push(...tasks)
  }
  release(_accountId: number, origins: readonly string[]): void {
    this.reserved -= origins.length
  }
}

const sendTo = (url: string, index = 0): Send => ({
  step: 0,
  stepName: 'nodejs',
  index,
  method: 'POST',
  url,
  headers: [],
  body: null,
  timeoutMs: 1_000,
  retry: null,
  followRedirects: 0,
  signed: false,
})

function ended(sends: readonly Send[], status: 'succeeded' | 'failed' = 'succeeded'): RunResult {
  const step = {
    name: 'nodejs',
    type: 'code' as const,
    status,
    durationMs: 1,
    logs: [],
    exports: {},
    diff: [],
    error: null,
    skipped: [],
  }
  return { outcome: { status, startedAt: 1, durationMs: 1, message: null, steps: [step] }, sends }
}

async function setUp(
  t: TestContext,
  run: (job: RunJob) => Promise<RunResult>,
  settings: object = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-execute-'))
  const store = new SqliteStore({ clock: systemClock }, { folder, nodeId: ids.next('node') })
  await store.start()
  t.after(async () => {
    await store.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const definition = checkDefinition({
    name: 'Test',
    steps: [{ type: 'code', code: 'return 1' }],
    settings,
  })
  const workflow = await store.createWorkflow(1, ids.next('wf'), ids.key(), definition)
  const packages = { prepare: async () => null, folderOf: async () => assert.fail('no packages') }
  const lanes = new Lanes()
  const hints: string[] = []
  const deps: ExecuteDeps = {
    store,
    runner: { run },
    handOver: lanes,
    notifier: { publish: ({ kind }) => hints.push(kind) },
    versions: new Versions({ store, packages }),
    variables: {
      of: async () => ({ values: {}, mask: maskNothing, masks: NO_MASKS, secrets: [] }),
    },
    requests: { seal: () => undefined },
    answers: new Answers(),
    clock: systemClock,
  }
  const admit = async (change: Partial<NewEvent> = {}): Promise<QueuedEvent> => {
    const event: NewEvent = {
      accountId: 1,
      id: ids.next('evt'),
      workflowId: workflow.id,
      version: 1,
      receivedAt: Date.now(),
      request: {
        method: 'POST',
        scheme: 'http',
        host: 'h',
        uri: '/t/k',
        path: '/',
        httpVersion: '1.1',
        clientIp: '127.0.0.1',
        headers: [],
        body: new Uint8Array(4),
      },
      error: null,
      replayOf: null,
      test: false,
      steps: null,
      leased: true,
      idempotency: null,
      ...change,
    }
    await store.admit([event])
    return { ...event, starts: 0 }
  }
  return { store, deps, lanes, hints, admit, workflow }
}

test('execute: the run and its sends are durable before delivery is handed anything', async (t) => {
  const { store, deps, lanes, hints, admit } = await setUp(t, async () =>
    ended([sendTo('http://a.test/'), sendTo('https://b.test/', 1)]),
  )
  const event = await admit()
  lanes.offer = (tasks) => {
    lanes.offered.push(...tasks)
    assert.ok(!hints.includes('run'))
  }
  await execute(deps, event, signal)
  const detail = await store.inspect.event(1, event.id)
  assert.equal(detail!.run!.status, 'succeeded')
  assert.deepEqual(
    detail!.deliveries.map(({ status }) => status),
    ['sending', 'sending'],
  )
  assert.deepEqual(
    lanes.offered.map(({ id, origin, attempt }) => [id, origin, attempt]),
    [
      [detail!.deliveries[0]!.id, 'http://a.test:80', 1],
      [detail!.deliveries[1]!.id, 'https://b.test:443', 1],
    ],
  )
  assert.deepEqual(hints, ['run'])
})

test('execute: what finds no place in a lane stays in the store, pending', async (t) => {
  const { store, deps, lanes, admit } = await setUp(t, async () =>
    ended([sendTo('http://a.test/'), sendTo('http://full.test/', 1)]),
  )
  const event = await admit()
  await execute(
    {
      ...deps,
      handOver: Object.assign(lanes, { fits: (origin: string) => !origin.includes('full') }),
    },
    event,
    signal,
  )
  const detail = await store.inspect.event(1, event.id)
  assert.deepEqual(
    detail!.deliveries.map(({ status }) => status),
    ['sending', 'pending'],
  )
  assert.equal(lanes.offered.length, 1)
  assert.equal(lanes.reserved, 0)
})

test('execute: a run that had been finished before sends nothing again and gives its places back', async (t) => {
  const { deps, lanes, admit } = await setUp(t, async () => ended([sendTo('http://a.test/')]))
  const event = await admit()
  await execute(deps, event, signal)
  await execute(deps, event, signal)
  assert.equal(lanes.offered.length, 1)
  assert.equal(lanes.reserved, 0)
})

test('execute: a store that cannot write is waited out, and the run is not repeated meanwhile', async (t) => {
  let runs = 0
  let refusals = 2
  const { store, deps, lanes, admit } = await setUp(t, async () => {
    runs++
    return ended([sendTo('http://a.test/')])
  })
  const event = await admit()
  const finish: typeof store.finish = async (run, deliveries) => {
    if (refusals-- > 0) throw new AppError('store_unavailable', { reason: 'disk full' })
    return await store.finish(run, deliveries)
  }
  await execute({ ...deps, store: { finish } }, event, signal)
  assert.equal(runs, 1)
  assert.equal(lanes.offered.length, 1)
  assert.equal((await store.inspect.event(1, event.id))!.run!.status, 'succeeded')
})

test('execute: a variable that does not open fails the run, with the reason', async (t) => {
  const { store, deps, admit } = await setUp(t, () => assert.fail('it must not be begun'))
  const event = await admit()
  const variables = {
    of: () => Promise.reject(new AppError('variable_unreadable', { name: 'KEY' })),
  }
  await execute({ ...deps, variables }, event, signal)
  const { run } = (await store.inspect.event(1, event.id))!
  assert.equal(run!.status, 'failed')
  assert.match(run!.message!, /Cannot read variable KEY: it does not open, set it again/)
})

test('execute: with deliverOnError off a failed run withholds its sends, visibly', async (t) => {
  const { store, deps, lanes, admit } = await setUp(
    t,
    async () => ended([sendTo('http://a.test/')], 'failed'),
    { deliverOnError: false },
  )
  const event = await admit()
  await execute(deps, event, signal)
  const detail = await store.inspect.event(1, event.id)
  assert.deepEqual(detail!.deliveries, [])
  assert.match(detail!.run!.steps[0]!.skipped[0]!.reason, /deliverOnError is off/)
  assert.equal(lanes.offered.length, 0)
})

test('execute: an event that took its server down again and again is given up, with the reason', async (t) => {
  const { store, deps, admit } = await setUp(t, () => assert.fail('it must not be begun again'))
  const event = await admit()
  await execute(deps, { ...event, starts: limits.runStarts }, signal)
  const { run } = (await store.inspect.event(1, event.id))!
  assert.equal(run!.status, 'failed')
  assert.match(run!.message!, /begun 20 times/)
})

test('execute: the hops an event has made are passed on to its deliveries', async (t) => {
  const { deps, lanes, admit } = await setUp(t, async () => ended([sendTo('http://a.test/')]))
  const event = await admit()
  const request = { ...event.request, headers: [['Sendoff-Hops', '3']] as const }
  await execute(deps, { ...event, request }, signal)
  assert.equal(lanes.offered[0]!.hops, 3)
})

test('executor: one workflow fills at most its share of memory, and the rest waits in the store', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { deps, store, workflow, admit } = await setUp(t, async () => {
    await gate.promise
    return ended([])
  })
  const executor = new Executor({
    ...deps,
    store,
    onFailure: (_, error) => assert.fail(String(error)),
    onFault: (error) => assert.fail(String(error)),
  })
  let reserved = 0
  while (executor.reserve(1, workflow.id, 10)) reserved++
  assert.equal(reserved, Math.floor(limits.runQueueEvents / 3))
  assert.ok(executor.reserve(1, 'wf_other', 10), 'another workflow still finds room')
  executor.release(1, 'wf_other', 10)
  for (let i = 0; i < reserved; i++) executor.release(1, workflow.id, 10)

  const waiting = await Promise.all(Array.from({ length: 50 }, () => admit({ leased: false })))
  await executor.start()
  gate.resolve()
  for (let tries = 0; tries < 1_200; tries++) {
    const details = await Promise.all(waiting.map(({ id }) => store.inspect.event(1, id)))
    if (details.every((detail) => detail!.run!.status === 'succeeded')) break
    assert.ok(tries < 1_199, 'what waits in the store is adopted')
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  await executor.stop()
})

test('executor: that the store gives no events although it is there is told, and asked again', async (t) => {
  const { deps, store } = await setUp(t, async () => ended([]))
  const told = Promise.withResolvers<unknown>()
  const asked = Promise.withResolvers<void>()
  const refusals: Error[] = [
    new AppError('store_unavailable', { reason: 'the disk is full' }),
    new Error('constraint'),
  ]
  const executor = new Executor({
    ...deps,
    store: {
      finish: (...args) => store.finish(...args),
      admit: (...args) => store.admit(...args),
      adoptEvents: async () => {
        const refusal = refusals.shift()
        if (refusal) throw refusal
        asked.resolve()
        return []
      },
    },
    onFailure: (_, error) => assert.fail(String(error)),
    onFault: told.resolve,
  })
  await executor.start()
  assert.match(String(await told.promise), /constraint/)
  await asked.promise
  await executor.stop()
})
