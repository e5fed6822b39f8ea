/** How far a job in bulk is, in words and as a share. */
import type { BulkWire } from '../../src/inspector/wire-operations.ts'
import { count, plural } from './quantity.ts'

export type BulkProgress = {
  readonly text: string
  /** 0 to 1; null while the items are counted. */
  readonly share: number | null
  readonly isOver: boolean
  /** How long it will take yet, at its rate; null where that is nothing to wait for. */
  readonly left: string | null
  /** Why items could not be done. */
  readonly problem: string | null
}

/** Where a job is shown, with the list that it works on. */
export function jobPlace({ id, action, workflowId }: BulkWire) {
  const search = { bulk: id }
  return action === 'replay' && workflowId !== null
    ? ({ to: '/workflows/$workflowId', params: { workflowId }, search } as const)
    : ({ to: '/deliveries', search } as const)
}

const verbs = {
  redeliver: { doing: 'Redelivering', done: 'Redelivered', noun: 'delivery', many: 'deliveries' },
  replay: { doing: 'Replaying', done: 'Replayed', noun: 'event', many: 'events' },
} as const

export function bulkProgress(bulk: BulkWire): BulkProgress {
  const { action, rate, state, total, done, failed, message } = bulk
  const { doing, done: did, noun, many } = verbs[action]
  const passed = done + failed
  const problem =
    failed === 0 ? null : `${plural(failed, noun, many)} could not be done: ${message ?? ''}`
  const items = plural(done, noun, many)
  const rest = { left: null, problem }
  if (state === 'counting') return { text: 'Counting', share: null, isOver: false, ...rest }
  if (state === 'canceled') {
    const share = shareOf(passed, total)
    return { text: `Canceled after ${items}`, share, isOver: true, ...rest }
  }
  if (state === 'done') {
    const text = passed === 0 ? `There was no ${noun} to do` : `${did} ${items}`
    return { text, share: 1, isOver: true, ...rest }
  }
  const text = `${doing} ${count(passed)} of ${plural(total ?? 0, noun, many)}`
  const left = leftText(((total ?? 0) - passed) / rate)
  return { text, share: shareOf(passed, total), isOver: false, left, problem }
}

/** Items are done so many a second, so the end is known well. */
function leftText(seconds: number): string | null {
  if (seconds < 5) return null
  if (seconds < 90) return `about ${Math.ceil(seconds)} s left`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 90 ? `about ${minutes} min left` : `about ${Math.ceil(minutes / 60)} h left`
}

const shareOf = (passed: number, total: number | null): number =>
  total === null || total === 0 ? 0 : Math.min(1, passed / total)
