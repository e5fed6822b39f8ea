/** How far a job in bulk is, in words and as a share. */
import type { BulkWire } from '../../src/inspector/wire-operations.ts'
import { count, plural } from './quantity.ts'

export type BulkProgress = {
  readonly text: string
  /** 0 to 1; null while the items are counted. */
  readonly share: number | null
  readonly isOver: boolean
  /** Why items could not be done. */
  readonly problem: string | null
}

const verbs = {
  redeliver: { doing: 'Redelivering', done: 'Redelivered', noun: 'delivery', many: 'deliveries' },
  replay: { doing: 'Replaying', done: 'Replayed', noun: 'event', many: 'events' },
} as const

export function bulkProgress(bulk: BulkWire): BulkProgress {
  const { action, state, total, done, failed, message } = bulk
  const { doing, done: did, noun, many } = verbs[action]
  const passed = done + failed
  const problem =
    failed === 0 ? null : `${plural(failed, noun, many)} could not be done: ${message ?? ''}`
  const items = plural(done, noun, many)
  if (state === 'counting') return { text: 'Counting', share: null, isOver: false, problem }
  if (state === 'canceled') {
    return { text: `Canceled after ${items}`, share: shareOf(passed, total), isOver: true, problem }
  }
  if (state === 'done') {
    const text = passed === 0 ? `There was no ${noun} to do` : `${did} ${items}`
    return { text, share: 1, isOver: true, problem }
  }
  const text = `${doing} ${count(passed)} of ${plural(total ?? 0, noun, many)}`
  return { text, share: shareOf(passed, total), isOver: false, problem }
}

const shareOf = (passed: number, total: number | null): number =>
  total === null || total === 0 ? 0 : Math.min(1, passed / total)
