/**
 * CPU time of a process and everything it started, threads and guests included. Other work on the
 * machine makes everything take longer, but this it changes little: it is what to compare by.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** The kernel's tick (USER_HZ), which is 10 ms on every Linux. */
const TICK_MS = 10

type Stat = { readonly parent: number; readonly ms: number }

/** Milliseconds so far; NaN where there is no /proc. */
export function cpuMs(root: number): number {
  const stats = new Map<number, Stat>()
  for (const name of procFolders()) {
    const stat = statOf(Number(name))
    if (stat) stats.set(Number(name), stat)
  }
  if (!stats.has(root)) return Number.NaN
  let sum = 0
  for (const [pid, { ms }] of stats) if (descends(stats, pid, root)) sum += ms
  return sum
}

function procFolders(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** Fields of proc(5): the parent, user and system time; the name before them may hold anything. */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return {
      parent: Number(fields[1]),
      ms: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    }
  } catch {
    return undefined
  }
}

function descends(stats: ReadonlyMap<number, Stat>, pid: number, root: number): boolean {
  for (let at: number | undefined = pid; at; at = stats.get(at)?.parent)
    if (at === root) return true
  return false
}
