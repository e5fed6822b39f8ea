/** Who gets the next socket: a lane that waits for time is never forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lane } from '../../src/delivery/lane.ts'
import { Turns } from '../../src/delivery/turns.ts'
import { laneKey } from '../../src/model/destination.ts'
import { ATTEMPT_DEPS, loopbackEgress, taskTo } from '../support/delivery-task.ts'

const ORIGIN = 'http://127.0.0.1:9'

/** A clock that goes on by `stepMs` whenever somebody looks at it, as clocks do. */
const startLane = (stepMs: number) => {
  let nowMs = 0
  const clock = { ...ATTEMPT_DEPS.clock, monotonicMs: () => (nowMs += stepMs) }
  const lane = new Lane(
    { ...ATTEMPT_DEPS, egress: loopbackEgress(), clock },
    laneKey(1, ORIGIN),
    ORIGIN,
  )
  const setRate = (ratePerSecond: number) =>
    lane.destination.configure({ paused: false, concurrency: null, ratePerSecond })
  const later = (ms: number) => void (nowMs += ms)
  return { clock, lane, setRate, later }
}

test('turns: a lane whose time comes between two looks at the clock goes on', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  for (let hundredth = 1; hundredth <= 400; hundredth++) {
    const stepMs = hundredth / 100
    const { clock, lane, setRate, later } = startLane(stepMs)
    const turns = new Turns({ clock, launch: () => void lane.begin() })
    setRate(50)
    for (let index = 0; index < 12; index++) lane.push(taskTo(ORIGIN, { index }))
    turns.refill(lane)
    for (let ms = 0; ms < 200 && lane.waiting > 0; ms++) {
      later(0.9) // timers may come a little early
      context.mock.timers.tick(1)
    }
    assert.equal(lane.waiting, 0, `${lane.waiting} forgotten, each look taking ${stepMs} ms`)
    turns.stop()
  }
})

test('turns: a lane that may go earlier than it waits for goes then', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { clock, lane, setRate, later } = startLane(0)
  const turns = new Turns({ clock, launch: () => void lane.begin() })
  setRate(0.01)
  for (let index = 0; index < 2; index++) lane.push(taskTo(ORIGIN, { index }))
  turns.refill(lane)
  assert.equal(lane.waiting, 1)
  setRate(1)
  turns.refill(lane)
  later(1_000)
  context.mock.timers.tick(1_000)
  assert.equal(lane.waiting, 0)
  turns.stop()
})
