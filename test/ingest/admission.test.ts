/** Batches between commits, and places that are neither lost nor given twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/errors.ts'
import { Admission } from '../../src/ingest/admission.ts'
import type { NewEvent } from '../../src/model/event.ts'
import { limits } from '../../src/model/limits.ts'
import { endpoint, MemoryStore, Places, until } from '../support/trigger.ts'

const draft = (id: string, changes: Partial<NewEvent> = {}): Omit<NewEvent, 'leased'> => ({
  accountId: 1,
  id,
  workflowId: endpoint.workflowId,
  version: 3,
  receivedAt: 0,
  request: { body: new Uint8Array(1) } as NewEvent['request'],
  error: null,
  replayOf: null,
  test: false,
  steps: null,
  idempotency: null,
  ...changes,
})

function setUp() {
  const store = new MemoryStore()
  const handOver = new Places()
  const metrics = { eventsAdmitted() {} }
  const admission = new Admission({ store, handOver, notifier: { publish() {} }, metrics })
  return { store, handOver, admission }
}

test('admission: what arrives in one turn goes into one call, in order, and waits for no other call', async () => {
  const { store, admission } = setUp()
  const commit = Promise.withResolvers<void>()
  store.commit = () => commit.promise
  const first = ['a', 'b', 'c'].map((id) => admission.admit(draft(id)))
  await until(() => store.batches.length === 1)
  store.commit = async () => {}
  await admission.admit(draft('d'))
  commit.resolve()
  await Promise.all(first)
  assert.deepEqual(store.batches, [3, 1])
  assert.deepEqual(
    store.events.map(({ id }) => id),
    ['d', 'a', 'b', 'c'],
  )
})

test('admission: an event is born leased where execution has a place, and then handed over', async () => {
  const { store, handOver, admission } = setUp()
  handOver.places = 1
  await Promise.all([admission.admit(draft('a')), admission.admit(draft('b'))])
  assert.deepEqual(
    store.events.map(({ id, leased }) => [id, leased]),
    [
      ['a', true],
      ['b', false],
    ],
  )
  assert.deepEqual(
    handOver.offered.map(({ id, starts }) => [id, starts]),
    [['a', 0]],
  )
  assert.deepEqual(Object.keys(handOver.offered[0]!).toSorted(), [
    'accountId',
    'id',
    'receivedAt',
    'replayOf',
    'request',
    'starts',
    'steps',
    'test',
    'version',
    'workflowId',
  ])
})

test('admission: a place is given back when the event is a repetition, or its commit fails', async () => {
  const { store, handOver, admission } = setUp()
  const idempotency = { key: 'k', bodyHash: 'h' }
  await admission.admit(draft('a', { idempotency }))
  assert.equal((await admission.admit(draft('b', { idempotency }))).kind, 'repeated')
  const other = { key: 'k', bodyHash: 'other' }
  assert.equal((await admission.admit(draft('c', { idempotency: other }))).kind, 'mismatch')
  store.commit = async () => {
    throw new AppError('store_unavailable', { reason: 'it is away' })
  }
  await assert.rejects(admission.admit(draft('d')), { code: 'store_unavailable' })
  assert.equal(handOver.held, 1)
  assert.deepEqual(
    handOver.offered.map(({ id }) => id),
    ['a'],
  )
})

test('admission: a failed commit fails its events and not the next ones', async () => {
  const { store, admission } = setUp()
  store.commit = async () => {
    throw new AppError('store_unavailable', { reason: 'it is away' })
  }
  const failed = await Promise.allSettled([
    admission.admit(draft('a')),
    admission.admit(draft('b')),
  ])
  assert.ok(failed.every(({ status }) => status === 'rejected'))
  store.commit = async () => {}
  assert.equal((await admission.admit(draft('a'))).kind, 'created')
})

test('admission: no more wait than the limit; one more is overload, until some are done', async () => {
  const { store, handOver, admission } = setUp()
  const commit = Promise.withResolvers<void>()
  store.commit = () => commit.promise
  const admit = (i: number): Promise<unknown> => admission.admit(draft(`${i}`))
  const waiting = Array.from({ length: limits.admitQueueEvents - 1 }, (_, i) => admit(i))
  await until(() => store.batches.length === 1)
  waiting.push(admit(-1))
  assert.throws(() => admit(-2), { code: 'overloaded', status: 503 })
  assert.equal(handOver.held, limits.admitQueueEvents)
  commit.resolve()
  await Promise.all(waiting)
  await admit(-2)
})
