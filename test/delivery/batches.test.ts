/** Facts on their way to the store: none is left lying, whenever it comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Batches } from '../../src/delivery/batches.ts'

/** Goes on after so many turns of the queue of microtasks. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve()
}

test('batches: a fact that comes while the last write ends is written too', async () => {
  // The store answers many calls in one message, so whatever they lead to runs in between each other.
  for (let depth = 0; depth <= 30; depth++) {
    const written: string[] = []
    const answer = Promise.withResolvers<void>()
    const batches = new Batches<string>({
      write: async (facts) => {
        written.push(...facts)
        await answer.promise
      },
      onFailure: (_, error) => assert.fail(String(error)),
    })
    batches.add('first', () => undefined)
    await turns(5)
    answer.resolve()
    void turns(depth).then(() => batches.add('second', () => undefined))
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(written, ['first', 'second'], `${depth} turns after the answer`)
    batches.stop()
  }
})
