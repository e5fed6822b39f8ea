/**
 * The promise that nothing accepted is lost, against a real `kill -9` of the server at random moments
 * under load. The receiver counts by webhook-id, which says of each request whose it is and how often
 * it came; what came twice must be an attempt that the server shows as `interrupted`.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { createApiClient } from '../../src/cli/api-client.ts'
import type { ApiClient } from '../../src/cli/api-client.ts'
import type { EventDetailWire, EventListWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { headerOf, startReceiver } from '../support/receiver.ts'
import type { Receiver } from '../support/receiver.ts'
import { startServerAlone } from '../support/server-process.ts'
import { until } from '../support/until.ts'

const TOKEN = 'so_test_token_of_the_crash_suite'
const ROUNDS = 6
const CLIENTS = 24

/** Each event asks for two requests: one of a code step, one of the Action. */
const SENDS = ['code', 'action'] as const

test('crash: an event answered 200 reaches its destination under one webhook-id, kill -9 or not', async (t) => {
  // Some answers are slow, so that every kill finds requests in flight.
  const receiver = await startReceiver(() => (Math.random() < 0.3 ? { delayMs: 20 } : {}))
  t.after(() => receiver.close())
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-kill-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const env = { SENDOFF_DATA: folder, SENDOFF_ADMIN_TOKEN: TOKEN }

  let server = await startServerAlone(t, env)
  const workflow = await saveWorkflow(createApiClient(server.url, TOKEN), receiver)
  const path = new URL(workflow.endpoint).pathname
  const acknowledged = new Set<number>()
  let next = 0
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0) server = await startServerAlone(t, env)
    const load = loadUntilItDies(`${server.url}${path}`, () => next++, acknowledged)
    const goal = acknowledged.size + 30 + Math.random() * 250
    await until(() => acknowledged.size >= goal, 60_000)
    await server.kill()
    await load
  }
  server = await startServerAlone(t, env)
  const api = createApiClient(server.url, TOKEN)
  const events = await settledEvents(api, workflow)

  const arrived = arrivalsOf(receiver)
  for (const n of acknowledged) {
    for (const send of SENDS) {
      const ids = [...(arrived.get(`${send} ${n}`)?.keys() ?? [])]
      assert.equal(ids.length, 1, `${send} of event ${n} came under the ids [${ids.join()}]`)
    }
  }
  const interrupted = await assertRecordIsTheTruth(t, api, events, arrived)
  assert.ok(interrupted > 0, 'no kill met a request in flight, so nothing was proved about those')
  assert.equal(await server.terminate(), 0)
})

function saveWorkflow(api: ApiClient, receiver: Receiver): Promise<WorkflowWire> {
  const url = receiver.url('/code')
  const code = `$send.http({ method: 'POST', url: '${url}', data: $event.body })`
  const action = { type: 'webhook', url: receiver.url('/action'), payload: '$event.body' }
  const steps = [{ type: 'code', code }, action]
  return api.call('POST', '/workflows', { name: 'Crash', steps })
}

/** Sends events one after the other on each connection until the server is gone. */
async function loadUntilItDies(
  url: string,
  draw: () => number,
  acknowledged: Set<number>,
): Promise<void> {
  const dispatcher = new Agent({ connections: CLIENTS })
  const client = async (): Promise<void> => {
    for (;;) {
      const n = draw()
      const body = JSON.stringify({ n })
      const answer = await request(url, { method: 'POST', body, dispatcher })
      if (answer.statusCode === 200) acknowledged.add(n)
      await answer.body.dump()
    }
  }
  await Promise.allSettled(Array.from({ length: CLIENTS }, client))
  await dispatcher.destroy()
}

/** All events of the workflow, once each has run and all it sent has ended. */
async function settledEvents(
  api: ApiClient,
  workflow: WorkflowWire,
): Promise<EventListWire['data']> {
  for (let polls = 0; ; polls++) {
    const rows = await allEvents(api, workflow)
    const open = rows.filter(({ dest }) => dest.delivered < SENDS.length)
    if (open.length === 0) return rows
    assert.ok(polls < 600, `${open.length} events did not settle, as ${JSON.stringify(open[0])}`)
    await delay(100)
  }
}

async function allEvents(api: ApiClient, { id }: WorkflowWire): Promise<EventListWire['data']> {
  const rows = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query = `limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
    const page: EventListWire = await api.call('GET', `/workflows/${id}/events?${query}`)
    rows.push(...page.data)
    cursor = page.nextCursor
  }
  return rows
}

/** How often each webhook-id came, for each request of each event that anything arrived of. */
type Arrivals = ReadonlyMap<string, ReadonlyMap<string, number>>

function arrivalsOf(receiver: Receiver): Arrivals {
  const arrivals = new Map<string, Map<string, number>>()
  for (const { url, body, headers } of receiver.requests) {
    const what = `${url.slice(1)} ${(JSON.parse(body.toString()) as { n: number }).n}`
    const ids = arrivals.get(what) ?? new Map<string, number>()
    const id = headerOf(headers, 'webhook-id')!
    arrivals.set(what, ids.set(id, (ids.get(id) ?? 0) + 1))
  }
  return arrivals
}

/**
 * Every event succeeded, no id belongs to two requests, and one that came more than once has as many
 * attempts on record, all but the last shown as cut by a crash. Resolves to how many were.
 */
async function assertRecordIsTheTruth(
  t: TestContext,
  api: ApiClient,
  events: EventListWire['data'],
  arrived: Arrivals,
): Promise<number> {
  for (const { id, status, dest } of events) {
    assert.deepEqual([status, dest], ['succeeded', { delivered: 2, total: 2 }], id)
  }
  const ids = [...arrived.values()].flatMap((counts) => Array.from(counts))
  assert.equal(new Set(ids.map(([id]) => id)).size, ids.length, 'an id of two requests')
  assert.equal(ids.length, events.length * SENDS.length, 'a request of no event, or of two')

  let interrupted = 0
  const times = new Map(ids)
  const check = async ({ id }: { readonly id: string }): Promise<void> => {
    const event = await api.call<EventDetailWire>('GET', `/events/${id}`)
    for (const delivery of event.deliveries) {
      const cut = delivery.attempts.slice(0, -1).map(({ outcome }) => outcome)
      assert.ok(
        cut.every((outcome) => outcome === 'interrupted'),
        `${delivery.id}: ${cut.join()}`,
      )
      assert.ok(
        times.get(delivery.id)! <= delivery.attempts.length,
        `${delivery.id} came too often`,
      )
      interrupted += cut.length
    }
  }
  for (let i = 0; i < events.length; i += 50) await Promise.all(events.slice(i, i + 50).map(check))
  t.diagnostic(`${events.length} events, ${interrupted} attempts cut by ${ROUNDS} kills`)
  return interrupted
}
