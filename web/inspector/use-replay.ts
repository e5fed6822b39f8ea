/** Runs an event again and goes to the new one that this makes. */
import { useMutation } from '@tanstack/react-query'
import { replay } from '../api/queries.ts'
import { shortId } from '../model/short-id.ts'
import { notify, notifyProblem } from '../parts/notice.tsx'
import { usePlace } from './place.ts'

type Wish = { readonly eventId: string; readonly version: 'latest' | 'original' }

export function useReplay() {
  const { go } = usePlace()
  return useMutation({
    mutationFn: ({ eventId, version }: Wish) => replay(eventId, version),
    onSuccess: ({ id }) => {
      notify(`Replayed as ${shortId(id)}`)
      go({ event: id, delivery: undefined, pane: undefined })
    },
    onError: notifyProblem,
  })
}
