/**
 * A process that stores events, finishes and settles them as fast as it can, and tells its parent each
 * fact once the store has acknowledged it. It ends by being killed.
 */
import { systemClock } from '../../src/clock.ts'
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { delivery, event, ids, run, settlement } from './store-values.ts'

export type Fact = { readonly kind: 'admitted' | 'finished' | 'settled'; readonly id: string }

const store = new SqliteStore(
  { clock: systemClock },
  { folder: process.argv[2]!, nodeId: ids.next('node') },
)
await store.start()
process.send!('started')

const tell = (kind: Fact['kind'], id: string): void => void process.send!({ kind, id })

async function work(): Promise<void> {
  for (;;) {
    const accepted = event()
    await store.admit([accepted])
    tell('admitted', accepted.id)
    await store.finish(run(accepted), [delivery()])
    tell('finished', accepted.id)
    await store.settle([settlement(accepted)])
    tell('settled', accepted.id)
  }
}

if (process.argv[3] !== 'idle') for (let i = 0; i < 50; i++) void work()
