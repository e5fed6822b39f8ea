/** Locks of package sets, and the versions that name them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definition, event, run } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { onStore } from './opened-store.ts'

export function packageSetsConformance(name: string, open: Open): void {
  test(
    `${name} package sets: a version keeps its own, and a changed one is a new version`,
    onStore(open, async (store) => {
      const first = { hash: 'a'.repeat(64), versions: { lodash: '4.17.20' } }
      const second = { hash: 'b'.repeat(64), versions: { lodash: '4.17.21' } }
      const made = await store.createWorkflow(1, 'wf_1', 'key', definition({ packages: first }))
      assert.deepEqual(made.packages, first)
      const same = await store.updateWorkflow(1, 'wf_1', definition({ packages: first }))
      assert.equal(same.version, 1)
      const changed = await store.updateWorkflow(1, 'wf_1', definition({ packages: second }))
      assert.deepEqual([changed.version, changed.packages], [2, second])
      const none = await store.updateWorkflow(1, 'wf_1', definition())
      assert.deepEqual([none.version, none.packages], [3, null])
      assert.deepEqual((await store.findVersion(1, 'wf_1', 1))!.packages, first)
    }),
  )

  test(
    `${name} package sets: a lock goes once no version names it and nobody asked for it`,
    onStore(open, async (store, { clock }) => {
      const packages = { hash: 'named', versions: {} }
      await store.createWorkflow(1, 'wf_1', 'key', definition({ packages }))
      await store.updateWorkflow(1, 'wf_1', definition())
      for (const hash of ['named', 'asked', 'left'])
        await store.keepPackageSet(hash, `lock ${hash}`)
      clock.at += 1_000
      await store.keepPackageSet('asked', 'lock asked')
      assert.equal(await store.findPackageSet('left'), 'lock left')
      const kept = await store.dropPackageSets(clock.at)
      assert.deepEqual([...kept].sort(), ['asked', 'named'])
      assert.equal(await store.findPackageSet('left'), undefined)
      assert.equal(await store.findPackageSet('named'), 'lock named')
      const waiting = event({ workflowId: 'wf_1' })
      await store.admit([waiting])
      await store.deleteWorkflow(1, 'wf_1')
      assert.ok(
        (await store.dropPackageSets(clock.at)).includes('named'),
        'an event still runs on it',
      )
      await store.finish(run(waiting), [])
      assert.deepEqual(await store.dropPackageSets(clock.at), ['asked'], 'none can any more')
    }),
  )
}
