/** Durability for real: a process is killed while it writes, and what it acknowledged is looked for. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { makeFolder } from '../../support/sqlite-folder.ts'
import type { Fact } from '../../support/store-process.ts'
import { ids } from '../../support/store-values.ts'

const WRITER = new URL('../../support/store-process.ts', import.meta.url)
const FACTS = 600

/** Lets a process write until it has acknowledged enough, then kills it in the middle of it. */
async function factsOfKilledWriter(folder: string): Promise<Fact[]> {
  const child = fork(WRITER, [folder])
  const facts: Fact[] = []
  child.on('message', (fact: Fact | 'started') => {
    if (fact !== 'started' && facts.push(fact) === FACTS) child.kill('SIGKILL')
  })
  await once(child, 'close')
  return facts
}

test('store: every fact that was acknowledged before kill -9 is there after it', async (context) => {
  const folder = makeFolder()
  const store = new SqliteStore({ clock: systemClock }, { folder, nodeId: ids.next('node') })
  context.after(async () => {
    await store.stop()
    rmSync(folder, { recursive: true })
  })
  const facts: Fact[] = []
  for (let round = 0; round < 2; round++) facts.push(...(await factsOfKilledWriter(folder)))
  assert.ok(facts.length >= 2 * FACTS)

  await store.start()
  const found = await Promise.all(facts.map(({ id }) => store.inspect.event(1, id)))
  for (const [i, { kind, id }] of facts.entries()) {
    assert.ok(found[i], `${id} was admitted`)
    if (kind === 'finished') assert.equal(found[i].run!.status, 'succeeded')
    if (kind === 'settled') assert.deepEqual(found[i].dest.delivered, 1)
  }
})
