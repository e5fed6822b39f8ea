/** A workflow that is flooded and burns CPU, and another one beside it, through a whole server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventListWire } from '../../src/inspector/wire-event.ts'
import { startApp } from '../support/app.ts'
import { startReceiver } from '../support/receiver.ts'

/** More than a workflow may hold in memory: the rest waits in the store. */
const BACKLOG = 1_500

test('fairness: a backlog that burns CPU does not delay the first run of another workflow', async (t) => {
  const app = await startApp(t)
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const burning = await app.workflow(
    [{ type: 'code', code: `const end = Date.now() + 1_000; while (Date.now() < end);` }],
    { rate: { perSecond: 10_000, burst: 10_000 } },
  )
  for (let sent = 0; sent < BACKLOG; sent += 100)
    await Promise.all(Array.from({ length: 100 }, () => app.send(burning, '', { body: '{}' })))
  for (const name of ['first', 'second']) {
    const code = `$send.http({ method: 'POST', url: '${receiver.url(`/${name}`)}', data: $event.body })`
    const { dest, run } = await app.run([{ type: 'code', code }], { name })
    assert.deepEqual([run!.status, dest], ['succeeded', { delivered: 1, total: 1 }])
  }
  assert.equal(receiver.requests.length, 2)
  const { data } = await app.api.call<EventListWire>(
    'GET',
    `/workflows/${burning.id}/events?limit=1`,
  )
  assert.match(String(data[0]!.status), /queued|running/, 'the end of the backlog still waits')
})
