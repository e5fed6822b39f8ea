/** Workflows, endpoints and tokens. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../src/model/limits.ts'
import { definition, event, token } from '../../support/store-values.ts'
import type { Open } from '../conformance.ts'
import { detail, everyWorkflow, hasCode, onStore } from './opened-store.ts'

export function definitionsConformance(name: string, open: Open): void {
  test(
    `${name} workflows: created, found by its key, listed newest first in pages`,
    onStore(open, async (store, { clock }) => {
      const made = await store.createWorkflow(1, 'wf_1', 'key1', definition())
      assert.deepEqual(made, {
        ...definition(),
        accountId: 1,
        id: 'wf_1',
        key: 'key1',
        version: 1,
        active: true,
        suspended: false,
        createdAt: clock.at,
        updatedAt: clock.at,
      })
      assert.deepEqual(await store.inspect.workflow(1, 'wf_1'), made)
      assert.equal(await store.inspect.workflow(2, 'wf_1'), undefined)
      assert.deepEqual(await store.findEndpoint('key1'), {
        accountId: 1,
        workflowId: 'wf_1',
        version: 1,
        active: true,
        suspended: false,
        settings: definition().settings,
      })
      assert.equal(await store.findEndpoint('key2'), undefined)

      for (const n of [2, 3]) await store.createWorkflow(1, `wf_${n}`, `key${n}`, definition())
      await store.createWorkflow(2, 'wf_4', 'key4', definition())
      const page = await store.inspect.listWorkflows(1, 2, null)
      assert.deepEqual(
        page.data.map((one) => one.id),
        ['wf_3', 'wf_2'],
      )
      const rest = await store.inspect.listWorkflows(1, 2, page.nextCursor)
      assert.deepEqual(
        rest.data.map((one) => one.id),
        ['wf_1'],
      )
      assert.equal(rest.nextCursor, null)
    }),
  )

  test(
    `${name} workflows: a page carries no more steps than fit one answer, and one workflow at least`,
    onStore(open, async (store) => {
      const sizes = [0.4, 0.41, 0.42, 1.2, 0].map((share) => share * limits.answerStepBytes)
      for (const [n, size] of sizes.entries()) {
        const steps = [{ type: 'code', name: 'nodejs', code: 'x'.repeat(size) }] as const
        await store.createWorkflow(1, `wf_${n}`, `key${n}`, definition({ steps }))
        if (n > 0) await store.updateWorkflow(1, 'wf_0', definition({ steps }), n)
      }
      const pages: string[][] = []
      const versions: number[][] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await store.inspect.listWorkflows(1, 50, cursor === '' ? null : cursor)
        pages.push(page.data.map(({ id }) => id))
        cursor = page.nextCursor
      }
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await store.inspect.listVersions(1, 'wf_0', 50, cursor === '' ? null : cursor)
        versions.push(page.data.map(({ version }) => version))
        cursor = page.nextCursor
      }
      assert.deepEqual(pages, [['wf_4'], ['wf_3'], ['wf_2', 'wf_1', 'wf_0']])
      assert.deepEqual(versions, [[5], [4], [3, 2], [1]])
    }),
  )

  test(
    `${name} workflows: of two saves over the same version one is refused`,
    onStore(open, async (store) => {
      await store.createWorkflow(1, 'wf_1', 'key', definition())
      const saves = ['mine', 'theirs'].map((name) =>
        store.updateWorkflow(1, 'wf_1', definition({ name }), 1),
      )
      const [first, second] = await Promise.allSettled(saves)
      assert.deepEqual([first!.status, second!.status], ['fulfilled', 'rejected'])
      await assert.rejects(saves[1]!, hasCode('version_conflict'))
      const kept = await store.inspect.workflow(1, 'wf_1')
      assert.deepEqual([kept?.name, kept?.version], ['mine', 2])
    }),
  )

  test(
    `${name} workflows: a key belongs to one workflow`,
    onStore(open, async (store) => {
      await store.createWorkflow(1, 'wf_1', 'key', definition())
      await assert.rejects(store.createWorkflow(1, 'wf_2', 'key', definition()))
      assert.equal(await store.inspect.workflow(1, 'wf_2'), undefined)
    }),
  )

  test(
    `${name} workflows: a save that changes something is the next version, and old ones stay`,
    onStore(open, async (store, { clock }) => {
      const made = await store.createWorkflow(1, 'wf_1', 'key', definition())
      clock.at += 10
      const reordered = Object.fromEntries(Object.entries(definition().settings).toReversed())
      const same = definition({ settings: reordered as never })
      assert.deepEqual(await store.updateWorkflow(1, 'wf_1', same), made)

      const renamed = await store.updateWorkflow(1, 'wf_1', definition({ name: 'renamed' }))
      assert.equal(renamed.version, 2)
      assert.equal(renamed.updatedAt, clock.at)
      await store.updateWorkflow(1, 'wf_1', definition({ steps: [] }))
      assert.equal((await store.findEndpoint('key'))!.version, 3)
      assert.deepEqual(await store.findVersion(1, 'wf_1', 1), {
        ...definition(),
        workflowId: 'wf_1',
        version: 1,
        createdAt: made.createdAt,
      })
      assert.equal(await store.findVersion(1, 'wf_1', 4), undefined)
      const versions = async (limit: number, cursor: string | null) => {
        const { data, nextCursor } = await store.inspect.listVersions(1, 'wf_1', limit, cursor)
        return [data.map(({ version }) => version), nextCursor]
      }
      assert.deepEqual(await versions(3, null), [[3, 2, 1], null])
      assert.deepEqual(await versions(2, null), [[3, 2], '2'])
      assert.deepEqual(await versions(2, '2'), [[1], null])
      await assert.rejects(versions(2, 'x'), hasCode('invalid_request'))
    }),
  )

  test(
    `${name} workflows: switched off and on without a new version`,
    onStore(open, async (store) => {
      await store.createWorkflow(1, 'wf_1', 'key', definition())
      const off = await store.setWorkflowActive(1, 'wf_1', false)
      assert.equal(off.active, false)
      assert.equal(off.version, 1)
      assert.equal((await store.findEndpoint('key'))!.active, false)
      assert.equal((await store.setWorkflowActive(1, 'wf_1', true)).active, true)
    }),
  )

  test(
    `${name} workflows: a deleted one has no endpoint, but its events run and stay readable`,
    onStore(open, async (store) => {
      await store.createWorkflow(1, 'wf_a', 'key', definition())
      const accepted = event({ leased: false })
      await store.admit([accepted])
      await store.deleteWorkflow(1, 'wf_a')
      assert.equal(await store.findEndpoint('key'), undefined)
      assert.equal(await store.inspect.workflow(1, 'wf_a'), undefined)
      assert.ok(await store.findVersion(1, 'wf_a', 1))
      assert.equal((await store.adoptEvents(everyWorkflow)).length, 1)
      assert.equal((await detail(store, accepted)).id, accepted.id)
      assert.equal((await store.inspect.listEvents(1, 'wf_a', {}, 10, null)).data.length, 1)
    }),
  )

  test(
    `${name} workflows: what is not there, or is another account's, is not found`,
    onStore(open, async (store) => {
      await store.createWorkflow(1, 'wf_1', 'key', definition())
      for (const call of [
        () => store.updateWorkflow(2, 'wf_1', definition({ name: 'theirs' })),
        () => store.setWorkflowActive(2, 'wf_1', false),
        () => store.deleteWorkflow(2, 'wf_1'),
        () => store.deleteWorkflow(1, 'wf_2'),
      ])
        await assert.rejects(call, hasCode('not_found'))
      assert.equal((await store.findEndpoint('key'))!.active, true)
    }),
  )

  test(
    `${name} tokens: [203] found by hash, listed without it, gone at once when deleted`,
    onStore(open, async (store) => {
      await store.createToken(token(), 'hash1')
      await store.createToken(token({ id: 'tok_2', accountId: 2, expiresAt: null }), 'hash2')
      assert.deepEqual(await store.findPrincipal('hash1'), {
        accountId: 1,
        tokenId: 'tok_1',
        scopes: ['read', 'write'],
        expiresAt: 99,
      })
      assert.equal(await store.findPrincipal('hash'), undefined)
      assert.deepEqual(
        (await store.listTokens(2)).map((one) => one.id),
        ['tok_2'],
      )
      assert.equal(await store.deleteToken(2, 'tok_1'), false)
      assert.equal(await store.deleteToken(1, 'tok_1'), true)
      assert.equal(await store.findPrincipal('hash1'), undefined)
    }),
  )

  test(
    `${name} tokens: [203] the last use is noted, at most once a minute`,
    onStore(open, async (store, { clock }) => {
      await store.createToken(token(), 'hash')
      const noted = async () => {
        await store.findPrincipal('hash')
        await store.check()
        await store.createToken(token({ id: `tok_${clock.at}` }), `hash ${clock.at}`)
        return (await store.listTokens(1)).find((one) => one.id === 'tok_1')!.lastUsedAt
      }
      const first = clock.at
      assert.equal(await noted(), first)
      clock.at += 59_000
      assert.equal(await noted(), first)
      clock.at += 2_000
      assert.equal(await noted(), clock.at)
    }),
  )
}
