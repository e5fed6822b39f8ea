/**
 * Decides what an attempt leads to: the delivery's next state. One attempt, one state; only a fault of
 * our own (no socket to be had here) is tried again, because the destination never saw it.
 */
import type { DeliveryTask, Settlement } from '../model/delivery.ts'
import type { Attempted } from './attempt.ts'

const OURS_ATTEMPTS = 10
const OURS_DELAY_MS = 1_000

export type NextState = Pick<Settlement, 'status' | 'code' | 'dueAt'>

export function afterAttempt(task: DeliveryTask, attempted: Attempted, nowMs: number): NextState {
  const { outcome, code } = attempted.attempt
  if (outcome === 'delivered') return { status: 'delivered', code: null, dueAt: null }
  if (outcome === 'blocked') return { status: 'blocked', code, dueAt: null }
  if (attempted.ours && task.attempt < OURS_ATTEMPTS) {
    return { status: 'pending', code, dueAt: nowMs + OURS_DELAY_MS * task.attempt }
  }
  return { status: 'failed', code, dueAt: null }
}
