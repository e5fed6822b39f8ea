/** Runs the draft on an event: dry, with the result beside what is recorded, or as an event of its own. */
import { useMutation } from '@tanstack/react-query'
import { dryRun, sendTest } from '../api/queries.ts'
import { usePlace } from '../inspector/place.ts'
import { stepsOf } from '../model/draft.ts'
import { shortId } from '../model/short-id.ts'
import { notify } from '../parts/notice.tsx'
import { useDraftStore } from './use-editor.ts'

type TestRunning = {
  /** `event`: the id of a stored one, or one in the shape of `$event`. */
  readonly dry: (event: unknown) => void
  readonly send: (event: unknown) => void
  readonly isRunning: boolean
  readonly problem: string | null
}

export function useTestRun(workflowId: string, done: () => void = () => undefined): TestRunning {
  const store = useDraftStore()
  const { go } = usePlace()
  const test = (event: unknown) => {
    const { draft, isChanged } = store.state()
    return isChanged ? { event, steps: stepsOf(draft) } : { event }
  }
  const dry = useMutation({
    mutationFn: (event: unknown) => dryRun(workflowId, test(event)),
    onSuccess: (detail) => {
      store.setDryRun({ detail, isShown: true })
      done()
    },
  })
  const send = useMutation({
    mutationFn: (event: unknown) => sendTest(workflowId, test(event)),
    onSuccess: ({ id }) => {
      notify(`Sent as ${shortId(id)}`)
      go({ event: id, delivery: undefined, pane: undefined })
      done()
    },
  })
  return {
    dry: (event) => {
      send.reset()
      dry.mutate(event)
    },
    send: (event) => {
      dry.reset()
      send.mutate(event)
    },
    isRunning: dry.isPending || send.isPending,
    problem: (dry.error ?? send.error)?.message ?? null,
  }
}
