/** Event accepted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { limits } from '../../../src/model/limits.ts'
import { event, request } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { detail, everyWorkflow, hasCode, onStore } from './opened-store.ts'

const keyed = (key: string, bodyHash: string) => event({ idempotency: { key, bodyHash } })

export function admitConformance(name: string, open: Open): void {
  test(
    `${name} admit: an event is read back byte for byte`,
    onStore(open, async (store) => {
      const text = fc.string({ unit: 'binary' }).filter((it) => it.isWellFormed())
      const requests = fc.record({
        method: text,
        host: text,
        uri: text,
        path: text,
        clientIp: text,
        headers: fc.array(fc.tuple(text, text), { maxLength: 8 }),
        body: fc.uint8Array({ maxLength: 3_000 }),
      })
      const several = fc.array(requests, { minLength: 1, maxLength: 5 })
      const property = fc.asyncProperty(several, async (values) => {
        const events = values.map((value) => event({ request: request(value) }))
        await store.admit(events)
        for (const stored of events) {
          assert.deepEqual((await detail(store, stored)).request, stored.request)
        }
      })
      await fc.assert(property, { numRuns: 30 })
    }),
  )

  test(
    `${name} admit: everything else about an event is read back too`,
    onStore(open, async (store) => {
      const stored = event({
        replayOf: 'evt_other',
        test: true,
        version: 7,
        steps: [{ type: 'note', name: 'n', text: 'unsaved' }],
        request: request({ body: new Uint8Array(0) }),
      })
      assert.deepEqual(await store.admit([stored]), [{ kind: 'created', id: stored.id }])
      const { request: _, leased: __, idempotency: ___, ...rest } = stored
      const { run, dest, deliveries, request: body, ...found } = await detail(store, stored)
      assert.deepEqual(found, rest)
      assert.equal(body.body.byteLength, 0)
      assert.equal(run?.status, 'running')
      assert.deepEqual(dest, { delivered: 0, total: 0, failed: 0 })
      assert.deepEqual(deliveries, [])
    }),
  )

  test(
    `${name} admit: [148] the same key with the same body is the same event, with another a mismatch`,
    onStore(open, async (store) => {
      const [first, again, other] = [keyed('k', 'h1'), keyed('k', 'h1'), keyed('k', 'h2')]
      assert.deepEqual(await store.admit([first, again, other]), [
        { kind: 'created', id: first.id },
        { kind: 'repeated', id: first.id },
        { kind: 'mismatch', key: 'k' },
      ])
      assert.deepEqual(await store.admit([keyed('k', 'h1')]), [{ kind: 'repeated', id: first.id }])
      const { data } = await store.inspect.listEvents(1, 'wf_a', {}, 10, null)
      assert.deepEqual(
        data.map((row) => row.id),
        [first.id],
      )
    }),
  )

  test(
    `${name} admit: [208] a key belongs to its account and workflow, and is free again after 24 h`,
    onStore(open, async (store, { clock }) => {
      const first = keyed('k', 'h1')
      await store.admit([first])
      const elsewhere = [
        { ...keyed('k', 'h1'), workflowId: 'wf_b' },
        { ...keyed('k', 'h1'), accountId: 2 },
      ]
      const kinds = (await store.admit(elsewhere)).map((answer) => answer.kind)
      assert.deepEqual(kinds, ['created', 'created'])

      clock.at += limits.idempotencyWindowMs - 1
      assert.equal((await store.admit([keyed('k', 'h1')]))[0]!.kind, 'repeated')
      clock.at += 1
      assert.equal((await store.admit([keyed('k', 'h2')]))[0]!.kind, 'created')
      assert.equal((await store.admit([keyed('k', 'h1')]))[0]!.kind, 'mismatch')
    }),
  )

  test(
    `${name} admit: an event with an error is listed with it and never runs`,
    onStore(open, async (store) => {
      const error = { code: 'body_too_large', message: 'Cannot accept: too large' }
      const refused = event({ error, leased: false })
      await store.admit([refused])
      const { data } = await store.inspect.listEvents(1, 'wf_a', {}, 10, null)
      assert.deepEqual(data[0]!.error, error)
      assert.equal(data[0]!.status, null)
      const found = await detail(store, refused)
      assert.equal(found.run, null)
      assert.deepEqual(found.error, error)
      assert.deepEqual(await store.adoptEvents(everyWorkflow), [])
    }),
  )

  test(
    `${name} admit: one call that fails does not fail those that share its commit`,
    onStore(open, async (store) => {
      const known = event()
      await store.admit([known])
      const others = Array.from({ length: 20 }, () => event())
      const calls = [
        ...others.slice(0, 10).map((one) => store.admit([one])),
        store.admit([event(), known]),
        ...others.slice(10).map((one) => store.admit([one])),
      ]
      const results = await Promise.allSettled(calls)
      assert.deepEqual(
        results.flatMap(({ status }, i) => (status === 'rejected' ? [i] : [])),
        [10],
      )
      const { data } = await store.inspect.listEvents(1, 'wf_a', {}, 100, null)
      assert.deepEqual(
        data.map((row) => row.id).sort(),
        [known, ...others].map((one) => one.id).sort(),
      )
    }),
  )

  test(
    `${name} admit: past what may wait for a commit it is refused as overloaded, and frees up`,
    onStore(open, async (store) => {
      const many = Array.from({ length: limits.admitQueueEvents }, () =>
        event({ request: request({ body: new Uint8Array(0) }) }),
      )
      const waiting = store.admit(many)
      await assert.rejects(store.admit([event()]), hasCode('overloaded'))
      await waiting
      await store.admit([event()])
    }),
  )
}
