/** [193] [27] A workflow that sends to itself: refused at once, or, where the operator allowed it, after five hops. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { EventDetailWire, EventListWire } from '../../src/inspector/wire-event.ts'
import { isSettled, startApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'

const steps = [
  {
    type: 'code',
    code: `$send.http({ method: 'POST', url: $event.body.url, data: $event.body })`,
  },
]

async function eventsOf({ api }: TestApp, id: string): Promise<readonly EventDetailWire[]> {
  const { data } = await api.call<EventListWire>('GET', `/workflows/${id}/events`)
  return Promise.all(data.map((row) => api.call<EventDetailWire>('GET', `/events/${row.id}`)))
}

async function sendToItself(at: TestApp): Promise<readonly EventDetailWire[]> {
  const workflow = await at.workflow(steps)
  const url = `${at.url}${new URL(workflow.endpoint).pathname}`
  await at.send(workflow, '', { body: JSON.stringify({ url }) })
  for (let tries = 0; tries < 2_400; tries++) {
    const events = await eventsOf(at, workflow.id)
    const isOver = events.some(({ deliveries }) => deliveries[0]?.status === 'blocked')
    if (isOver && events.every(isSettled)) return events
    await delay(25)
  }
  throw new Error('It did not stop within a minute')
}

test('[193] loop guard: a workflow that sends to itself stops after five hops, visibly', async (t) => {
  const events = await sendToItself(await startApp(t))
  const newestFirst = events.map(({ deliveries, dest }) => [deliveries[0]!.status, dest])
  assert.deepEqual(newestFirst, [
    ['blocked', { delivered: 0, total: 1 }],
    ...Array.from({ length: 5 }, () => ['delivered', { delivered: 1, total: 1 }]),
  ])
  const [{ deliveries }] = events as [EventDetailWire]
  const { code, error } = deliveries[0]!.attempts[0]!
  assert.equal(`${code} ${error?.detail}`, 'blocked loop')
  assert.match(error!.message, /passed through Sendoff more than 5 times \(loop guard\)/)
})

test('[27] loop guard: its own address is refused as such, unless the operator allows it', async (t) => {
  const events = await sendToItself(await startApp(t, { SENDOFF_EGRESS_ALLOW: '' }))
  assert.equal(events.length, 1)
  const { code, error } = events[0]!.deliveries[0]!.attempts[0]!
  assert.equal(`${code} ${error?.detail}`, 'blocked self')
  assert.match(error!.message, /is this server itself/)
})
