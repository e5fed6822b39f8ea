/** Going back to an earlier version: it is saved as the next one, so nothing that ran is ever lost. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { VersionWire } from '../../src/inspector/wire-workflow.ts'
import { saveWorkflow, versionsQuery, workflowQuery } from '../api/queries.ts'
import { notify, notifyProblem } from '../parts/notice.tsx'
import { useDraftStore } from './use-editor.ts'

export function useRevert(done: () => void) {
  const store = useDraftStore()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ name, steps, settings }: VersionWire) => {
      const { latest } = store.state()
      const body = { name, steps, settings, expectedVersion: latest.version }
      return saveWorkflow(latest.id, body, notify)
    },
    onSuccess: (saved, { version }) => {
      store.startFrom(saved)
      queries.setQueryData(workflowQuery(saved.id).queryKey, saved)
      void queries.invalidateQueries({ queryKey: versionsQuery(saved.id).queryKey })
      notify(`v${saved.version} is v${version} again`)
      done()
    },
    onError: (problem) => {
      notifyProblem(problem)
      void queries.invalidateQueries({ queryKey: workflowQuery(store.state().base.id).queryKey })
    },
  })
}
