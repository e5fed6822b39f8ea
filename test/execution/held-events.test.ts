/** Who may hold how much of the memory for runs: floods share it, and newcomers always find room. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeldEvents } from '../../src/execution/held-events.ts'
import { limits } from '../../src/model/limits.ts'

const MIB = 1024 * 1024

/** Workflows that take turns in adding events until none of them may; returns how many each got. */
function flood(held: HeldEvents, workflows: readonly (readonly [number, string])[], bytes = 100) {
  const got = workflows.map(() => 0)
  for (let isFull = false; !isFull;) {
    isFull = true
    for (const [i, [account, workflow]] of workflows.entries()) {
      if (!held.fits(account, workflow, bytes)) continue
      held.add(account, workflow, bytes)
      got[i]!++
      isFull = false
    }
  }
  return got
}

const workflowsOf = (account: number, count: number): (readonly [number, string])[] =>
  Array.from({ length: count }, (_, i) => [account, `wf_${account}_${i}`] as const)

for (const floods of [1, 2, 10, 100]) {
  test(`held-events: however ${floods} workflows flood, another one of the account finds room`, () => {
    const held = new HeldEvents()
    const got = flood(held, workflowsOf(1, floods))
    assert.ok(Math.max(...got) - Math.min(...got) <= 1)
    assert.ok(flood(held, workflowsOf(1, floods + 1)).at(-1)! > 0)
  })
}

test('held-events: an account with many workflows leaves another as much as one with a single', () => {
  const held = new HeldEvents()
  flood(held, workflowsOf(1, 200))
  assert.ok(held.events <= limits.runQueueEvents / 2)
  assert.ok(flood(held, workflowsOf(2, 1))[0]! >= limits.runQueueEvents / 8)
})

test('held-events: large events are shared by their bytes; one that is larger than a share still fits', () => {
  const held = new HeldEvents()
  const got = flood(held, workflowsOf(1, 1), 10 * MIB)
  assert.ok(got[0]! * 10 * MIB <= limits.runQueueBytes / 2)
  assert.ok(held.fits(1, 'wf_other', 60 * MIB))
  assert.ok(!held.fits(1, 'wf_1_0', 60 * MIB))
  assert.ok(!held.fits(1, 'wf_other', limits.runQueueBytes))
})

test('held-events: what is removed is free again, and nothing of it is remembered', () => {
  const held = new HeldEvents()
  const [got] = flood(held, workflowsOf(1, 1))
  assert.deepEqual(held.without(1), ['wf_1_0'])
  for (let i = 0; i < got!; i++) held.remove(1, 'wf_1_0', 100)
  assert.deepEqual([held.events, held.without(1)], [0, []])
  assert.deepEqual(flood(held, workflowsOf(1, 1)), [got])
})
