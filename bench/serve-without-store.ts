/**
 * The server with its store switched off, to see what durability costs: events, runs and attempts are
 * acknowledged at once and forgotten; workflows are kept as always. For bench/pipeline.ts only.
 */
import { MessageChannel } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { createApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import type { Settlement } from '../src/model/delivery.ts'
import type { NewEvent } from '../src/model/event.ts'
import { SqliteStore } from '../src/store/sqlite/sqlite-store.ts'
import type { JobMessage } from '../src/store/sqlite/wire.ts'
import type { Admitted, Finished } from '../src/store/store.ts'

class ForgetfulStore extends SqliteStore {
  override async admit(events: readonly NewEvent[]): Promise<readonly Admitted[]> {
    return events.map(({ id }) => ({ kind: 'created', id }))
  }

  override async finish(): Promise<Finished> {
    return { created: true }
  }

  override async settle(_settlements: readonly Settlement[]): Promise<void> {}

  /** The delivery thread's line: every call is answered with "done", an adoption with nothing. */
  override connect(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    port1.on('message', ({ jobs }: JobMessage) => {
      port1.postMessage(
        jobs.map(([verb, id]) => [
          id,
          null,
          verb === 'adoptDeliveries' || verb === 'syncDestinations' ? [] : undefined,
        ]),
      )
    })
    return port2
  }
}

const app = await createApp(loadConfig({}), (deps, options) => new ForgetfulStore(deps, options))
await app.start()
console.log(`Sendoff listens on ${app.baseUrl()}`)
process.once('SIGTERM', () => void app.stop().then(() => process.exit()))
