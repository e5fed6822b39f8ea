/** Waits until something is so, for what gives no signal of its own. Fails after the deadline. */
import { setTimeout as sleep } from 'node:timers/promises'

export async function until(
  isSo: () => boolean | Promise<boolean>,
  deadlineMs = 30_000,
): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!(await isSo())) {
    if (performance.now() > end)
      throw new Error(`Waited ${deadlineMs} ms in vain for: ${isSo.toString()}`)
    await sleep(5)
  }
}
