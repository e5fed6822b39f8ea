/** The lists that are kept current: where their rows come from, in which order, and which hints name them. */
import type { DeliveryRowWire } from '../../src/inspector/wire-operations.ts'
import type { EventRowWire } from '../../src/inspector/wire-event.ts'
import { isByEventTime } from '../model/delivery-filter.ts'
import type { DeliveryFilter } from '../model/delivery-filter.ts'
import { byId, byTime } from '../model/feed.ts'
import type { EventFilter } from '../model/search-words.ts'
import { readDeliveries } from './operations.ts'
import { readEvents } from './queries.ts'
import { PAGE } from './row-feed.ts'
import type { RowSource } from './row-feed.ts'

const limit = String(PAGE)

/** A row's own millisecond included: several events may share it. */
const from = ({ receivedAt }: { readonly receivedAt: string }) => ({
  before: new Date(Date.parse(receivedAt) + 1).toISOString(),
})

export function eventsOf(workflowId: string, filter: EventFilter): RowSource<EventRowWire> {
  return {
    workflowId,
    order: byTime,
    behind: from,
    from: (rows, at) => from(rows[at]!),
    rowOf: (kind, { eventId }) => (kind === 'event' ? null : eventId),
    page: async (older, signal) => {
      const { data, nextCursor } = await readEvents(workflowId, filter, { limit, ...older }, signal)
      return { rows: data, older: nextCursor === null ? null : { cursor: nextCursor } }
    },
  }
}

/** A cursor is the id of the row that it stands behind; one event may have more of them than a page. */
export function deliveriesOf(filter: DeliveryFilter): RowSource<DeliveryRowWire> {
  return {
    workflowId: filter.workflow ?? null,
    order: isByEventTime(filter) ? byTime : byId,
    behind: ({ id }) => ({ cursor: id }),
    from: (rows, at) => (at === 0 ? null : { cursor: rows[at - 1]!.id }),
    rowOf: (_, { deliveryId }) => deliveryId ?? null,
    page: async (older, signal) => {
      const { data, nextCursor } = await readDeliveries(filter, { limit, ...older }, signal)
      return { rows: data, older: nextCursor === null ? null : { cursor: nextCursor } }
    },
  }
}
