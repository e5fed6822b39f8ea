/** Endpoints are remembered, and forgotten in time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EndpointCache } from '../../src/ingest/endpoint-cache.ts'
import { limits } from '../../src/model/limits.ts'
import type { Endpoint } from '../../src/model/workflow.ts'
import type { Hint } from '../../src/notifier/notifier.ts'
import { endpoint } from '../support/trigger.ts'

function setUp(capacity?: number) {
  let now = 0
  let listener: (hint: Hint) => void = () => {}
  const lookups: { key: string; answer: PromiseWithResolvers<Endpoint | undefined> }[] = []
  const deps = {
    clock: { monotonicMs: () => now },
    notifier: {
      subscribe(added: typeof listener) {
        listener = added
        return () => (listener = () => {})
      },
    },
    store: {
      findEndpoint(key: string) {
        const answer = Promise.withResolvers<Endpoint | undefined>()
        lookups.push({ key, answer })
        return answer.promise
      },
    },
  }
  return {
    cache: new EndpointCache(deps, capacity),
    lookups,
    save: (key: string) =>
      listener({ kind: 'workflow', accountId: 1, workflowId: endpoint.workflowId, key }),
    advance: (ms: number) => (now += ms),
  }
}

test('endpoint cache: requests that miss at the same time share one lookup, and then none is needed', async () => {
  const { cache, lookups } = setUp()
  const first = cache.find('k')
  assert.equal(cache.find('k'), first)
  lookups[0]!.answer.resolve(endpoint)
  assert.equal(await first, endpoint)
  assert.equal(cache.find('k'), endpoint)
  assert.equal(lookups.length, 1)
})

test('endpoint cache: a save is seen by the very next request', async () => {
  const { cache, lookups, save } = setUp()
  const first = cache.find('k')
  lookups[0]!.answer.resolve(endpoint)
  await first
  save('k')
  const second = cache.find('k')
  lookups[1]!.answer.resolve({ ...endpoint, version: 4 })
  assert.equal((await second)!.version, 4)
})

test('endpoint cache: a lookup that a save overtook is not remembered', async () => {
  const { cache, lookups, save } = setUp()
  const before = cache.find('k')
  save('k')
  const after = cache.find('k')
  lookups[1]!.answer.resolve({ ...endpoint, version: 4 })
  await after
  lookups[0]!.answer.resolve(endpoint)
  await before
  assert.equal((cache.find('k') as Endpoint).version, 4)
})

test('endpoint cache: a lost hint costs a second, for unknown keys as for known ones', async () => {
  for (const found of [endpoint, undefined]) {
    const { cache, lookups, advance } = setUp()
    const first = cache.find('k')
    lookups[0]!.answer.resolve(found)
    await first
    advance(limits.endpointCacheMs - 1)
    assert.equal(cache.find('k'), found)
    advance(1)
    void cache.find('k')
    assert.equal(lookups.length, 2)
  }
})

test('endpoint cache: a failed lookup fails its requests and is not remembered', async () => {
  const { cache, lookups } = setUp()
  const first = cache.find('k')
  lookups[0]!.answer.reject(new Error('away'))
  await assert.rejects(async () => await first, /away/)
  void cache.find('k')
  assert.equal(lookups.length, 2)
})

test('endpoint cache: it forgets what was not used lately, and hears nothing once closed', async () => {
  const { cache, lookups, save } = setUp(2)
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    const found = cache.find(key)
    lookups.at(-1)!.answer.resolve(endpoint)
    await found
  }
  void cache.find('a')
  assert.equal(lookups.length, 6)
  cache.close()
  save('e')
  assert.equal(cache.find('e'), endpoint)
})
