/** Makes an empty workflow and goes to its page, where everything else of it is done. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { createWorkflow, workflowQuery } from '../api/queries.ts'
import { Icon } from '../parts/icon.tsx'
import { notifyProblem } from '../parts/notice.tsx'

const NAME = 'New workflow'

export function useNewWorkflow() {
  const queries = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: () => createWorkflow(NAME),
    onSuccess: async (made) => {
      queries.setQueryData(workflowQuery(made.id).queryKey, made)
      void queries.invalidateQueries({ queryKey: ['workflows'] })
      await navigate({ to: '/workflows/$workflowId', params: { workflowId: made.id } })
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
