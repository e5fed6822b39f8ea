/** What waits for a paused destination, against a real `kill -9`: still held, and sent once when resumed. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createApiClient } from '../../src/cli/api-client.ts'
import type { DestinationWire } from '../../src/inspector/wire-operations.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { originOf } from '../../src/model/delivery.ts'
import { destinationId } from '../../src/model/destination.ts'
import { headerOf, startReceiver } from '../support/receiver.ts'
import { startServerAlone } from '../support/server-process.ts'

const TOKEN = 'so_test_token_of_the_crash_suite'
const SENDS = 40

test('crash: what is held for a paused destination is held after kill -9, and sent once when resumed', async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-held-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const env = { SENDOFF_DATA: folder, SENDOFF_ADMIN_TOKEN: TOKEN }
  const destination = `/destinations/${destinationId(originOf(receiver.url()))}`

  const first = await startServerAlone(t, env)
  const api = createApiClient(first.url, TOKEN)
  const code = `for (let i = 0; i < $event.body; i++) $send.http({ method: 'POST', url: '${receiver.url()}' })`
  const body = { name: 'Held', steps: [{ type: 'code', code }] }
  const { endpoint } = await api.call<WorkflowWire>('POST', '/workflows', body)
  const trigger = (count: number) =>
    fetch(`${first.url}${new URL(endpoint).pathname}`, { method: 'POST', body: String(count) })
  await trigger(1)
  await receiver.received(1)
  await api.call('PATCH', destination, { paused: true })
  await trigger(SENDS)
  const heldBy = async (client: typeof api): Promise<number> => {
    for (let tries = 0; tries < 1_200; tries++) {
      const { held } = await client.call<DestinationWire>('GET', destination)
      if (held === SENDS) return held
      await delay(25)
    }
    return (await client.call<DestinationWire>('GET', destination)).held
  }
  assert.equal(await heldBy(api), SENDS)
  await first.kill()

  const second = createApiClient((await startServerAlone(t, env)).url, TOKEN)
  assert.equal(await heldBy(second), SENDS)
  assert.equal(receiver.requests.length, 1)
  const resumed = await second.call<DestinationWire>('PATCH', destination, { paused: false })
  assert.equal(resumed.paused, false)
  await receiver.received(1 + SENDS)
  const ids = receiver.requests.map(({ headers }) => headerOf(headers, 'webhook-id'))
  assert.equal(new Set(ids).size, 1 + SENDS)
})
