/**
 * Decides what an attempt leads to: the delivery's next state. One attempt, one state, unless the send
 * asked for retries; only a fault of our own (no socket to be had here) is tried again unasked, because
 * the destination never saw it.
 */
import type { Clock } from '../clock.ts'
import type { DeliveryTask, Settlement } from '../model/delivery.ts'
import type { Attempted } from './attempt.ts'
import { retryDueAt } from './retry.ts'

const OURS_ATTEMPTS = 10
const OURS_DELAY_MS = 1_000

export type NextState = Pick<Settlement, 'status' | 'code' | 'dueAt'>

export function afterAttempt(
  clock: Pick<Clock, 'nowMs' | 'random'>,
  task: DeliveryTask,
  { attempt, ours }: Attempted,
): NextState {
  const { outcome, code } = attempt
  if (outcome === 'delivered') return { status: 'delivered', code: null, dueAt: null }
  if (outcome === 'blocked') return { status: 'blocked', code, dueAt: null }
  const nowMs = clock.nowMs()
  if (ours && task.attempt < OURS_ATTEMPTS) {
    return { status: 'pending', code, dueAt: nowMs + OURS_DELAY_MS * task.attempt }
  }
  const dueAt = retryDueAt(task.send.retry, attempt, nowMs, clock.random())
  return { status: dueAt === null ? 'failed' : 'pending', code, dueAt }
}
