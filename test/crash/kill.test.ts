/**
 * The promise that nothing accepted is lost, against a real `kill -9` of the launcher and so of the
 * server, at random moments under load.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { createApiClient } from '../../src/cli/api-client.ts'
import type { EventDetailWire, EventListWire, WorkflowWire } from '../../src/inspector/wire.ts'
import { headerOf, startReceiver } from '../support/receiver.ts'
import { startServer } from '../support/server-process.ts'
import type { ServerProcess } from '../support/server-process.ts'

const TOKEN = 'so_test_token_of_the_crash_suite'
const ROUNDS = 6
const CLIENTS = 24

test('crash: an event answered 200 reaches its destination under one webhook-id, kill -9 or not', async (t) => {
  const receiver = await startReceiver(() => ({
    status: 200,
    delayMs: Math.random() < 0.1 ? 20 : 0,
  }))
  t.after(() => receiver.close())
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-kill-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const env = { SENDOFF_DATA: folder, SENDOFF_ADMIN_TOKEN: TOKEN }

  let server = await startServer(t, env)
  const workflow = await createApiClient(server.url, TOKEN).call<WorkflowWire>(
    'POST',
    '/workflows',
    {
      name: 'Crash',
      steps: [{ type: 'webhook', url: receiver.url('/in'), payload: '$event.body' }],
    },
  )
  const key = new URL(workflow.endpoint).pathname

  const acknowledged = new Set<number>()
  let next = 0
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0) server = await startServer(t, env)
    const load = loadUntilItDies(server, key, () => next++, acknowledged)
    await delay(150 + Math.random() * 600)
    await server.kill()
    await load
  }
  server = await startServer(t, env)
  const started = performance.now()
  const idsOf = (): Map<number, Set<string>> => {
    const ids = new Map<number, Set<string>>()
    for (const { body, headers } of receiver.requests) {
      const n = (JSON.parse(body.toString()) as { n: number }).n
      const known = ids.get(n) ?? new Set()
      ids.set(n, known.add(headerOf(headers, 'webhook-id')!))
    }
    return ids
  }
  const missing = (): number[] => {
    const ids = idsOf()
    return [...acknowledged].filter((n) => !ids.has(n))
  }
  while (missing().length > 0 && performance.now() - started < 20_000) await delay(100)

  assert.ok(acknowledged.size > 200, `only ${acknowledged.size} events were accepted`)
  assert.deepEqual(missing(), [], `of ${acknowledged.size} accepted events these never arrived`)
  const doubled = [...idsOf()].filter(([, ids]) => ids.size !== 1)
  assert.deepEqual(doubled, [], 'each under one webhook-id')
  await assertDestIsTheTruth(server, workflow)
  assert.equal(await server.terminate(), 0)
})

/** Sends events one after the other on each connection until the server is gone. */
async function loadUntilItDies(
  server: ServerProcess,
  key: string,
  draw: () => number,
  acknowledged: Set<number>,
): Promise<void> {
  const dispatcher = new Agent({ connections: CLIENTS })
  const client = async (): Promise<void> => {
    for (;;) {
      const n = draw()
      const body = JSON.stringify({ n })
      const { statusCode, body: answer } = await request(`${server.url}${key}`, {
        method: 'POST',
        body,
        dispatcher,
      })
      await answer.dump()
      if (statusCode === 200) acknowledged.add(n)
    }
  }
  await Promise.allSettled(Array.from({ length: CLIENTS }, client))
  await dispatcher.destroy()
}

/** Every event ran, every delivery settled, and what a crash cut is shown as such. */
async function assertDestIsTheTruth(server: ServerProcess, workflow: WorkflowWire): Promise<void> {
  const api = createApiClient(server.url, TOKEN)
  const page = await api.call<EventListWire>('GET', `/workflows/${workflow.id}/events?limit=200`)
  for (const row of page.data) {
    assert.equal(row.status, 'succeeded')
    assert.equal(row.dest.total, 1)
    if (row.dest.delivered === 1) continue
    const event = await api.call<EventDetailWire>('GET', `/events/${row.id}`)
    assert.fail(`${row.id} is ${event.deliveries[0]!.status} after the restart`)
  }
}
