/**
 * The store against a model small enough to be obviously right: commands in any order, on any event,
 * with crashes in between. After each sequence every event shows what the model says, and its Dest is
 * what its deliveries add up to. Each sequence has an account of its own.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { AttemptOutcome, DeliveryStatus } from '../../../src/model/delivery.ts'
import type { NewEvent } from '../../../src/model/event.ts'
import type { EventDetail } from '../../../src/store/inspect.ts'
import type { Store } from '../../../src/store/store.ts'
import { taskTo } from '../../support/delivery-task.ts'
import { openSqlite } from '../../support/sqlite-folder.ts'
import { attempt, delivery, event, run, settlement } from '../../support/store-values.ts'

type ModelDelivery = {
  status: DeliveryStatus
  /** Held for its destination, not for a person. */
  isParked?: boolean
  begun: number
  readonly attempts: Map<number, AttemptOutcome>
}
type ModelEvent = {
  readonly stored: NewEvent
  state: 'queued' | 'running' | 'done'
  resends: boolean
  deliveries: ModelDelivery[]
}
type World = {
  readonly accountId: number
  /** Of the one destination that all deliveries of a sequence go to. */
  isPaused: boolean
  readonly events: Map<number, ModelEvent>
  readonly store: () => Store
  readonly crash: () => Promise<Store>
}
type Act = (world: World) => Promise<void>

const SENDS = 3
const all = 100_000
const which = fc.nat(3)
const send = fc.nat(SENDS - 1)
const leases = fc.array(fc.boolean(), { minLength: SENDS, maxLength: SENDS })
const verdict = fc.constantFrom('delivered', 'failed', 'blocked', 'pending', 'held')

const named = (name: string, body: Act): Act =>
  Object.assign(body, { [fc.toStringMethod]: () => name })

const admit = fc.tuple(which, fc.boolean()).map(([n, leased]) =>
  named(`admit ${n}`, async ({ accountId, events, store }) => {
    if (events.has(n)) return
    const stored = event({ accountId, leased })
    await store().admit([stored])
    const state = leased ? 'running' : 'queued'
    events.set(n, { stored, state, resends: true, deliveries: [] })
  }),
)

const finish = fc.tuple(which, leases, fc.boolean()).map(([n, leased, resends]) =>
  named(`finish ${n}`, async ({ events, store }) => {
    const known = events.get(n)
    if (!known) return assert.rejects(store().finish(run(event()), []))
    const sends = leased.map((it, index) => delivery({ leased: it }, { index }))
    const ended = run(known.stored, { resendInterrupted: resends })
    const created = known.state !== 'done'
    assert.deepEqual(await store().finish(ended, sends), { created })
    if (!created) return
    Object.assign(known, { state: 'done', resends })
    known.deliveries = leased.map((it) => ({
      status: it ? 'sending' : 'pending',
      begun: it ? 1 : 0,
      attempts: new Map(),
    }))
  }),
)

const settle = fc.tuple(which, send, verdict).map(([n, index, status]) =>
  named(`settle ${n}[${index}] ${status}`, async ({ events, store }) => {
    const known = events.get(n)
    const sent = known?.deliveries[index]
    if (!sent || sent.begun === 0) return
    const outcome = status === 'delivered' || status === 'blocked' ? status : 'failed'
    const dueAt = status === 'pending' ? 0 : null
    const made = attempt({ number: sent.begun, outcome })
    await store().settle([settlement(known.stored, { index, attempt: made, status, dueAt })])
    if (!sent.attempts.has(sent.begun)) sent.attempts.set(sent.begun, outcome)
    if (sent.status === 'sending') sent.status = status
  }),
)

const decide = fc
  .tuple(which, send, fc.constantFrom('redeliver', 'cancel'))
  .map(([n, index, verb]) =>
    named(`${verb} ${n}[${index}]`, async ({ accountId, events, store, isPaused }) => {
      const known = events.get(n)
      const sent = known?.deliveries[index]
      const key = { eventId: known?.stored.id ?? event().id, step: 0, index }
      const waits = sent?.status === 'pending' || sent?.status === 'held'
      const mayAgain = sent !== undefined && sent.status !== 'sending' && !isPaused
      const may = verb === 'cancel' ? waits : mayAgain
      if (!may) return assert.rejects(store()[verb](accountId, key))
      await store()[verb](accountId, key)
      Object.assign(sent!, { status: verb === 'cancel' ? 'canceled' : 'pending', isParked: false })
    }),
  )

const adoptEvents = fc.constant(
  named('adoptEvents', async ({ accountId, events, store }) => {
    const taken = await store().adoptEvents({ count: all, exceptWorkflows: [], perWorkflow: all })
    const free = [...events.values()].filter(({ state }) => state === 'queued')
    const own = taken.filter((one) => one.accountId === accountId).map((one) => one.id)
    assert.deepEqual(own.sort(), free.map(({ stored }) => stored.id).sort())
    for (const one of free) one.state = 'running'
  }),
)

const adoptDeliveries = fc.constant(
  named('adoptDeliveries', async ({ accountId, events, store, isPaused }) => {
    const taken = await store().adoptDeliveries({ count: all, exceptLanes: [], perLane: all })
    const due = [...events.values()].flatMap(({ stored, deliveries }) =>
      deliveries.flatMap((sent, index) => {
        if (sent.status !== 'pending' || isPaused) return []
        Object.assign(sent, { status: 'sending', begun: sent.begun + 1 })
        return [`${stored.id} ${index} ${sent.begun}`]
      }),
    )
    const own = taken
      .filter((task) => task.accountId === accountId)
      .map((task) => `${task.eventId} ${task.send.index} ${task.attempt}`)
    assert.deepEqual(own.sort(), due.sort())
  }),
)

const pause = fc.boolean().map((paused) =>
  named(paused ? 'pause' : 'resume', async (world) => {
    const { accountId, events, store } = world
    const sends = [...events.values()].flatMap(({ deliveries }) => deliveries)
    const change = () => store().changeDestination(accountId, delivery().origin, { paused })
    if (sends.length === 0) return assert.rejects(change())
    await change()
    await store().syncDestinations()
    world.isPaused = paused
    for (const sent of sends) {
      if (paused && sent.status === 'pending') {
        Object.assign(sent, { status: 'held', isParked: true })
      } else if (!paused && sent.isParked) {
        Object.assign(sent, { status: 'pending', isParked: false })
      }
    }
  }),
)

const giveBack = fc.tuple(which, send).map(([n, index]) =>
  named(`give back ${n}[${index}]`, async ({ accountId, events, store }) => {
    const known = events.get(n)
    const sent = known?.deliveries[index]
    if (!sent) return
    const eventId = known.stored.id
    const task = taskTo('https://a.example', { index }, { accountId, eventId, attempt: sent.begun })
    await store().giveBack([task])
    if (sent.status === 'sending') Object.assign(sent, { status: 'pending', begun: sent.begun - 1 })
  }),
)

const crash = fc.constant(
  named('crash', async (world) => {
    await world.crash()
    for (const known of world.events.values()) {
      if (known.state === 'running') known.state = 'queued'
      for (const sent of known.deliveries) {
        if (sent.status !== 'sending') continue
        sent.attempts.set(sent.begun, 'interrupted')
        sent.status = known.resends ? 'pending' : 'held'
      }
    }
  }),
)

const sequence = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: admit },
    { weight: 20, arbitrary: finish },
    { weight: 30, arbitrary: settle },
    { weight: 20, arbitrary: decide },
    { weight: 10, arbitrary: adoptEvents },
    { weight: 15, arbitrary: adoptDeliveries },
    { weight: 15, arbitrary: pause },
    { weight: 10, arbitrary: giveBack },
    { weight: 1, arbitrary: crash },
  ),
  { minLength: 10, maxLength: 50, size: 'max' },
)

function shows(found: EventDetail, { state, deliveries }: ModelEvent): void {
  assert.equal(found.run!.status, state === 'done' ? 'succeeded' : state)
  const shown = found.deliveries.map(({ status, attempts }) => ({
    status,
    attempts: attempts.map(({ number, outcome }) => [number, outcome]),
  }))
  const expected = deliveries.map(({ status, attempts }) => ({ status, attempts: [...attempts] }))
  assert.deepEqual(shown, expected)
  const count = (...states: DeliveryStatus[]): number =>
    shown.filter(({ status }) => states.includes(status)).length
  assert.deepEqual(found.dest, {
    delivered: count('delivered'),
    total: shown.length,
    failed: count('failed', 'blocked', 'canceled'),
  })
}

test('store: whatever is done in whatever order, it shows what a plain model shows', async (context) => {
  const opened = await openSqlite()
  context.after(() => opened.close())
  let accountId = 1
  const property = fc.asyncProperty(sequence, async (acts) => {
    const events = new Map<number, ModelEvent>()
    const world = { ...opened, accountId: ++accountId, isPaused: false, events }
    for (const act of acts) await act(world)
    for (const known of world.events.values()) {
      shows((await opened.store().inspect.event(accountId, known.stored.id))!, known)
    }
  })
  await fc.assert(property, { numRuns: 30 })
})
