/** Events that nobody has leased. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QueuedEvent } from '../../../src/model/event.ts'
import { event, request, run } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { everyWorkflow, onStore } from './opened-store.ts'

const free = (workflowId: string, count: number) =>
  Array.from({ length: count }, () => event({ workflowId, leased: false }))

const idsOf = (events: readonly { id: string }[]) => events.map((one) => one.id)

export function adoptEventsConformance(name: string, open: Open): void {
  test(
    `${name} adoptEvents: an event that was stored without a lease is taken once, whole`,
    onStore(open, async (store) => {
      const stored = event({
        leased: false,
        test: true,
        replayOf: 'evt_x',
        steps: [{ type: 'note', name: 'n', text: 't' }],
        request: request({ body: Uint8Array.of(0, 255, 128) }),
      })
      await store.admit([stored, event()])
      const [taken, ...more] = await store.adoptEvents(everyWorkflow)
      const { leased: _, idempotency: __, error: ___, ...rest } = stored
      const expected: QueuedEvent = { ...rest, starts: 0 }
      assert.deepEqual(taken, expected)
      assert.deepEqual(more, [])
      assert.deepEqual(await store.adoptEvents(everyWorkflow), [])
      assert.deepEqual(await store.finish(run(stored), []), { created: true })
    }),
  )

  test(
    `${name} adoptEvents: oldest first within a workflow, and no more of one than allowed`,
    onStore(open, async (store) => {
      const [a, b] = [free('wf_a', 10), free('wf_b', 3)]
      await store.admit([...a, ...b])
      const taken = await store.adoptEvents({ count: 100, exceptWorkflows: [], perWorkflow: 4 })
      const of = (id: string) => taken.filter((one) => one.workflowId === id)
      assert.deepEqual(idsOf(of('wf_a')), idsOf(a).sort().slice(0, 4))
      assert.deepEqual(idsOf(of('wf_b')), idsOf(b).sort())
    }),
  )

  test(
    `${name} adoptEvents: a workflow that is excepted is left alone`,
    onStore(open, async (store) => {
      await store.admit([...free('wf_a', 2), ...free('wf_b', 2)])
      const taken = await store.adoptEvents({ ...everyWorkflow, exceptWorkflows: ['wf_a'] })
      assert.deepEqual(
        taken.map((one) => one.workflowId),
        ['wf_b', 'wf_b'],
      )
    }),
  )

  test(
    `${name} adoptEvents: a small count serves every workflow in turn`,
    onStore(open, async (store) => {
      await store.admit(['wf_a', 'wf_b', 'wf_c'].flatMap((id) => free(id, 20)))
      const seen = new Set<string>()
      for (let i = 0; i < 3; i++) {
        const limits = { count: 2, exceptWorkflows: [], perWorkflow: 2 }
        const taken = await store.adoptEvents(limits)
        assert.equal(taken.length, 2)
        for (const one of taken) seen.add(one.workflowId)
      }
      assert.equal(seen.size, 3)
    }),
  )
}
