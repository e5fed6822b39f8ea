/** The switch that lets events in or not: it turns at once, and back again if the server refuses. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { setActive, workflowQuery } from '../api/queries.ts'
import { notifyProblem } from '../parts/notice.tsx'

export function useActive(workflow: WorkflowWire): (active: boolean) => void {
  const { id } = workflow
  const queries = useQueryClient()
  const { queryKey } = workflowQuery(id)
  const { mutate } = useMutation({
    mutationFn: (wanted: boolean) => setActive(id, wanted),
    onMutate: (wanted) => queries.setQueryData(queryKey, { ...workflow, active: wanted }),
    onSuccess: (saved) => queries.setQueryData(queryKey, saved),
    onError: (problem) => {
      queries.setQueryData(queryKey, workflow)
      notifyProblem(problem)
    },
  })
  return mutate
}
