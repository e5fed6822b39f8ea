/** Makes an empty workflow and goes to its page, where everything else of it is done. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { createWorkflow, workflowQuery } from '../api/queries.ts'
import type { NewWorkflow as Made } from '../api/queries.ts'
import { Icon } from '../parts/icon.tsx'
import { notifyProblem } from '../parts/notice.tsx'

/** What it is made of, where it is not to be empty. */
const EMPTY: Made = { name: 'New workflow', steps: [] }

/** `made` hears of it before its page is gone to. */
export function useNewWorkflow(made?: (workflow: WorkflowWire) => void) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: (of: Made | void) => createWorkflow(of ?? EMPTY),
    onSuccess: async (workflow) => {
      queries.setQueryData(workflowQuery(workflow.id).queryKey, workflow)
      void queries.invalidateQueries({ queryKey: ['workflows'] })
      made?.(workflow)
      await navigate({ to: '/workflows/$workflowId', params: { workflowId: workflow.id } })
    },
    onError: notifyProblem,
  })
}

export function NewWorkflow() {
  const { mutate, isPending } = useNewWorkflow()
  return (
    <button type="button" className="primary" disabled={isPending} onClick={() => mutate()}>
      <Icon name="plus" />
      New workflow
    </button>
  )
}
