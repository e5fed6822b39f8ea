/** Whose turn it is: accounts first, then programs, and nobody is sent away before it was worth it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GuestProcess } from '../../src/runner/guest-process.ts'
import { nextInTurn, whoMakesWay } from '../../src/runner/turns.ts'

const NOW_MS = 10_000
const processOf = (servingSinceMs: number, isRetired = false): GuestProcess =>
  ({ servingSinceMs, isRetired }) as GuestProcess

/** Lanes by name, each with its account and the instants its processes began to serve. */
function placesOf(lanes: Record<string, [accountId: number, sinceMs: readonly number[]]>) {
  const named = Object.entries(lanes).map(([name, [accountId, sinceMs]]) => ({
    name,
    accountId,
    processes: new Set(sinceMs.map((since) => processOf(since))),
  }))
  const places = new Map(
    named.flatMap((lane) => [...lane.processes].map((process) => [process, lane] as const)),
  )
  const lane = (name: string) => named.find((candidate) => candidate.name === name)!
  const makesWayFor = (name: string): string | null => {
    const process = whoMakesWay(lane(name), places, NOW_MS)
    return process && `${places.get(process)!.name} ${process.servingSinceMs}`
  }
  return { lane, places, makesWayFor }
}

test('turns: the account with fewest places is next, then the program, then who asked first', () => {
  const { lane, places } = placesOf({
    many: [1, [0, 1]],
    few: [1, [2]],
    none: [1, []],
    other: [2, []],
    late: [2, []],
  })
  const next = (...names: string[]): string => nextInTurn(names.map(lane), places).name
  assert.equal(next('many', 'few', 'none', 'other', 'late'), 'other')
  assert.equal(next('late', 'other'), 'late')
  assert.equal(next('many', 'few', 'none'), 'none')
  assert.equal(next('many', 'few'), 'few')
})

test('turns: who has most makes way, the one that has served longest; who has no more than the other does not', () => {
  const { makesWayFor } = placesOf({ many: [1, [3, 2]], few: [1, [1]], none: [1, []] })
  assert.equal(makesWayFor('none'), 'many 2')
  assert.equal(makesWayFor('few'), 'many 2')
  assert.equal(makesWayFor('many'), null)
})

test('turns: programs of one account with a place each take turns, but not before one has had its own', () => {
  const { makesWayFor } = placesOf({
    old: [1, [NOW_MS - 300]],
    new: [1, [NOW_MS - 200]],
    none: [1, []],
  })
  assert.equal(makesWayFor('none'), `old ${NOW_MS - 300}`)
  const young = placesOf({ new: [1, [NOW_MS - 200]], none: [1, []] })
  assert.equal(young.makesWayFor('none'), null)
})

test('turns: an account makes way for one that has less, and never for one that has as much', () => {
  const { makesWayFor } = placesOf({ a: [1, [1]], b: [1, [2]], mine: [2, [3]], second: [2, []] })
  assert.equal(makesWayFor('second'), 'a 1')
  const even = placesOf({ a: [1, [1]], b: [1, [2]], mine: [2, [3, 4]], wanting: [2, []] })
  assert.equal(even.makesWayFor('wanting'), 'mine 3')
})
