/** An account's variables, and the mark of the key that seals them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../src/model/limits.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Open } from '../conformance.ts'
import { hasCode, onStore } from './opened-store.ts'

const sealedOf = async (store: Store, retired: boolean): Promise<string[]> =>
  (await store.listVariables(1))
    .filter((variable) => variable.retired === retired)
    .map(({ name, sealed }) => `${name}=${sealed}`)

export function variablesConformance(name: string, open: Open): void {
  test(
    `${name} variables: set, listed by name, each account its own`,
    onStore(open, async (store, { clock }) => {
      await store.putVariable(1, 'B', 'b')
      await store.putVariable(1, 'A', 'a')
      await store.putVariable(2, 'A', 'theirs')
      assert.deepEqual(await store.listVariables(1), [
        { name: 'A', sealed: 'a', updatedAt: clock.at, retired: false },
        { name: 'B', sealed: 'b', updatedAt: clock.at, retired: false },
      ])
    }),
  )

  test(
    `${name} variables: what is replaced or removed is kept as retired, newest first`,
    onStore(open, async (store) => {
      for (const sealed of ['one', 'two', 'three']) await store.putVariable(1, 'A', sealed)
      assert.equal(await store.deleteVariable(1, 'A'), true)
      assert.equal(await store.deleteVariable(1, 'A'), false)
      assert.equal(await store.deleteVariable(2, 'A'), false)
      assert.deepEqual(await sealedOf(store, false), [])
      assert.deepEqual(await sealedOf(store, true), ['A=three', 'A=two', 'A=one'])
    }),
  )

  test(
    `${name} variables: one more than ${limits.variables} is refused, replacing one is not`,
    onStore(open, async (store) => {
      for (let i = 0; i < limits.variables; i++) await store.putVariable(1, `V${i}`, 'x')
      await assert.rejects(store.putVariable(1, 'MORE', 'x'), hasCode('conflict'))
      await store.putVariable(1, 'V0', 'y')
      await store.putVariable(2, 'MORE', 'x')
      assert.equal((await sealedOf(store, false)).length, limits.variables)
    }),
  )

  test(
    `${name} variables: the oldest retired values are forgotten`,
    onStore(open, async (store) => {
      const count = limits.variablesRetired + 10
      await Promise.all(Array.from({ length: count }, (_, i) => store.putVariable(1, 'A', `${i}`)))
      const retired = await sealedOf(store, true)
      assert.equal(retired.length, limits.variablesRetired)
      assert.equal(retired.at(-1), `A=${count - 1 - limits.variablesRetired}`)
    }),
  )

  test(
    `${name} secret key: the first mark is kept, across a crash`,
    onStore(open, async (store, { crash }) => {
      assert.equal(await store.readSecretKeyMark(), null)
      assert.equal(await store.markSecretKey('first'), 'first')
      assert.equal(await store.markSecretKey('second'), 'first')
      const again = await crash()
      assert.equal(await again.readSecretKeyMark(), 'first')
    }),
  )
}
