/** The secrets that workflows sign with: the current one, and the one before it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Open } from '../conformance.ts'
import { onStore } from './opened-store.ts'

export function signingSecretsConformance(name: string, open: Open): void {
  test(
    `${name} signing secrets: the first is kept, whoever comes second, across a crash`,
    onStore(open, async (store, { clock, crash }) => {
      assert.deepEqual(await store.listSigningSecrets(1, 'wf_a'), [])
      await Promise.all(['one', 'two'].map((sealed) => store.keepSigningSecret(1, 'wf_a', sealed)))
      const [kept, ...others] = await (await crash()).listSigningSecrets(1, 'wf_a')
      assert.deepEqual(kept, { sealed: 'one', createdAt: clock.at, lapsesAt: null })
      assert.deepEqual(others, [])
    }),
  )

  test(
    `${name} signing secrets: a replaced one lapses, and the one before that is gone`,
    onStore(open, async (store) => {
      for (const [sealed, lapsesAt] of [
        ['one', 10],
        ['two', 20],
        ['three', 30],
      ] as const) {
        await store.rotateSigningSecret(1, 'wf_a', sealed, lapsesAt)
      }
      const all = await store.listSigningSecrets(1, 'wf_a')
      assert.deepEqual(
        all.map(({ sealed, lapsesAt }) => [sealed, lapsesAt]),
        [
          ['three', null],
          ['two', 30],
        ],
      )
      await store.keepSigningSecret(1, 'wf_a', 'four')
      assert.deepEqual(await store.listSigningSecrets(1, 'wf_a'), all)
    }),
  )

  test(
    `${name} signing secrets: a replaced one is dropped before it lapses, the current one stays`,
    onStore(open, async (store) => {
      await store.rotateSigningSecret(1, 'wf_a', 'one', 10)
      await store.rotateSigningSecret(1, 'wf_a', 'two', 20)
      await store.rotateSigningSecret(1, 'wf_b', 'b', 20)
      await store.rotateSigningSecret(1, 'wf_b', 'b2', 20)
      for (const _ of ['first', 'again']) await store.dropReplacedSigningSecret(1, 'wf_a')
      const names = async (id: string) =>
        (await store.listSigningSecrets(1, id)).map(({ sealed }) => sealed)
      assert.deepEqual([await names('wf_a'), await names('wf_b')], [['two'], ['b2', 'b']])
    }),
  )

  test(
    `${name} signing secrets: each workflow of each account has its own`,
    onStore(open, async (store) => {
      await store.keepSigningSecret(1, 'wf_a', 'a')
      await store.keepSigningSecret(1, 'wf_b', 'b')
      await store.keepSigningSecret(2, 'wf_a', 'theirs')
      await store.rotateSigningSecret(1, 'wf_b', 'b2', 10)
      const [a] = await store.listSigningSecrets(1, 'wf_a')
      const [theirs] = await store.listSigningSecrets(2, 'wf_a')
      assert.deepEqual([a?.sealed, theirs?.sealed], ['a', 'theirs'])
    }),
  )
}
