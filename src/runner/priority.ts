/**
 * Guests give way to the server: their code may keep every core busy, and yet the server answers, and a
 * guest that has little to do is started at once by one that has. Only a preference: where the system
 * does not allow it, everything works, and the server is as slow as the machine is busy.
 */
import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A third of the server's share of a core, where both want it. */
const NICE = 5

/** Lowers the priority of a process and of what it starts from now on. */
export function giveWay(pid: number): void {
  attempt(() => setPriority(pid, NICE))
  // Guests are sessions of their own, and Linux may weigh sessions (`sched_autogroup_enabled`) before it does processes.
  if (process.platform === 'linux')
    attempt(() => writeFileSync(`/proc/${pid}/autogroup`, String(NICE)))
}

function attempt(change: () => void): void {
  try {
    change()
  } catch {
    // Gone already, or not allowed here.
  }
}
