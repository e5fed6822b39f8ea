/**
 * Waits out what passes: while the store or the runner says "not now", the event is kept and asked for
 * again, because a run that was begun may not be lost to a full disk or a busy machine. Every other
 * failure is thrown on.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../errors.ts'

const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 5_000

/** Calls `action` until it does not reject with `store_unavailable` or `overloaded`, or `signal` aborts. */
export async function persist<Result>(
  action: () => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
    try {
      return await action()
    } catch (error) {
      const passes =
        error instanceof AppError &&
        (error.code === 'store_unavailable' || error.code === 'overloaded')
      if (!passes || signal.aborted) throw error
    }
    await delay(delayMs, undefined, { signal, ref: false })
  }
}
