/** Runs the draft on an event: dry, with the result beside what is recorded, or as an event of its own. */
import { useIsMutating, useMutation } from '@tanstack/react-query'
import { dryRun, sendTest } from '../api/queries.ts'
import { usePlace } from '../inspector/place.ts'
import { stepsOf } from '../model/draft.ts'
import { shortId } from '../model/short-id.ts'
import { notify } from '../parts/notice.tsx'
import { useDraftStore } from './use-editor.ts'

export type TestRunning = {
  /** `event`: the id of a stored one, or one in the shape of `$event`. */
  readonly dry: (event: unknown) => void
  readonly send: (event: unknown) => void
  readonly isRunning: boolean
  readonly problem: string | null
}

const DRY_RUN = ['dry-run']

/** Whether a dry run is under way, begun from wherever. */
export const useIsDryRunning = (): boolean => useIsMutating({ mutationKey: DRY_RUN }) > 0

type Told = { readonly done?: () => void; readonly refused?: (problem: Error) => void }

const nothing = (): void => undefined

export function useTestRun(
  workflowId: string,
  { done = nothing, refused = nothing }: Told = {},
): TestRunning {
  const store = useDraftStore()
  const { search, go } = usePlace()
  const test = (event: unknown) => {
    const { draft, isChanged } = store.state()
    return isChanged ? { event, steps: stepsOf(draft) } : { event }
  }
  const dry = useMutation({
    mutationKey: DRY_RUN,
    mutationFn: async (event: unknown) => {
      const { draft } = store.state()
      const selected = search.event ?? null
      const detail = await dryRun(workflowId, test(event))
      const last = store.state().dryRun?.view
      const view = last === 'dry' ? last : 'beside'
      store.setDryRun({ detail, event, selected, draft, view })
    },
    onSuccess: done,
    onError: refused,
  })
  const send = useMutation({
    mutationFn: (event: unknown) => sendTest(workflowId, test(event)),
    onSuccess: ({ id }) => {
      notify(`Sent as ${shortId(id)}`)
      go({ event: id, delivery: undefined, pane: undefined })
      done()
    },
    onError: refused,
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
