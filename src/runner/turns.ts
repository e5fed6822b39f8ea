/**
 * Whose turn it is where there are fewer processes than programs that want one. Accounts share them
 * first, then the programs of an account: who has fewest comes first, who has most makes way. Where all
 * have the same, they take turns, of a length that pays for starting a process.
 */
import type { GuestProcess } from './guest-process.ts'

type Contender = {
  readonly accountId: number
  readonly processes: ReadonlySet<GuestProcess>
}
type Places = ReadonlyMap<GuestProcess, Contender>

/** A process starts in 70 to 110 ms: one that is to make way has served at least this long. */
const TURN_MS = 250

/** Of those that wait, in the order they asked, the one to be served next. There must be one. */
export function nextInTurn<Waiting extends Contender>(
  waiting: Iterable<Waiting>,
  places: Places,
): Waiting {
  const held = heldByAccount(places)
  const [first] = [...waiting].sort(
    (a, b) =>
      (held.get(a.accountId) ?? 0) - (held.get(b.accountId) ?? 0) ||
      a.processes.size - b.processes.size,
  )
  return first!
}

/** The busy process that is to take no more runs, so that `wanting` gets its place; null while nobody owes one. */
export function whoMakesWay(
  wanting: Contender,
  places: Places,
  nowMs: number,
): GuestProcess | null {
  const held = heldByAccount(places)
  const owes = (other: Contender): boolean =>
    other.accountId === wanting.accountId
      ? other.processes.size > wanting.processes.size
      : held.get(other.accountId)! > (held.get(wanting.accountId) ?? 0)
  const [first] = [...places]
    .filter(([process, other]) => {
      if (other === wanting || process.isRetired || !owes(other)) return false
      return nowMs - process.servingSinceMs >= TURN_MS
    })
    .sort(
      ([a, ofA], [b, ofB]) =>
        held.get(ofB.accountId)! - held.get(ofA.accountId)! ||
        ofB.processes.size - ofA.processes.size ||
        a.servingSinceMs - b.servingSinceMs,
    )
  return first?.[0] ?? null
}

function heldByAccount(places: Places): ReadonlyMap<number, number> {
  const held = new Map<number, number>()
  for (const { accountId } of places.values()) held.set(accountId, (held.get(accountId) ?? 0) + 1)
  return held
}
