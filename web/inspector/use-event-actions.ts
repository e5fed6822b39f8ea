/** What is done to an event by its id, from the keyboard and the palette: copied, and its failures sent again. */
import { useQueryClient } from '@tanstack/react-query'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { redeliverMany } from '../api/operations.ts'
import { eventQuery } from '../api/queries.ts'
import { curlOfEvent } from '../model/curl.ts'
import { plural } from '../model/quantity.ts'
import { copyText } from '../parts/copy-text.ts'
import { notify, notifyProblem } from '../parts/notice.tsx'

export function useEventActions({ endpoint }: WorkflowWire) {
  const queries = useQueryClient()
  return {
    copyCurl: (eventId: string): void => {
      queries
        .ensureQueryData(eventQuery(eventId))
        .then((detail) => copyText(curlOfEvent(endpoint, detail), 'the event as cURL'))
        .catch(notifyProblem)
    },
    redeliverFailed: (detail: EventDetailWire): void => {
      const ids = failedIds(detail)
      redeliverMany({ ids }).then(() => {
        notify(`Sending ${plural(ids.length, 'delivery', 'deliveries')} once more`)
        void queries.invalidateQueries({ queryKey: eventQuery(detail.id).queryKey })
      }, notifyProblem)
    },
  }
}

/** Those that ended without being delivered and may be tried again. */
export const failedIds = ({ deliveries }: EventDetailWire): readonly string[] =>
  deliveries.filter(({ status }) => status === 'failed' || status === 'blocked').map(({ id }) => id)
