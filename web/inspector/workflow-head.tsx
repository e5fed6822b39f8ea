/** The head of the page: name, version, the switch, and where events enter. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { WorkflowWire } from '../../src/inspector/wire.ts'
import { setActive, workflowQuery } from '../api/queries.ts'
import { curlOfEndpoint } from '../model/curl.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { notifyProblem } from '../parts/notice.tsx'
import { TopBar } from '../shell/top-bar.tsx'

export function WorkflowHead({ workflow }: { readonly workflow: WorkflowWire }) {
  const { name, version, endpoint } = workflow
  return (
    <>
      <TopBar title={name}>
        <span className="faint">v{version}</span>
        <ActiveSwitch workflow={workflow} />
      </TopBar>
      <div className="endpoint-bar">
        <span className="method">POST</span>
        <code className="endpoint" title={endpoint}>
          {endpoint}
        </code>
        <CopyButton text={endpoint} what="the endpoint" label="copy" />
        <CopyButton text={curlOfEndpoint(endpoint)} what="a curl command" label="curl" />
      </div>
    </>
  )
}

/** Switches at once and back again if the server refuses. */
function ActiveSwitch({ workflow }: { readonly workflow: WorkflowWire }) {
  const { id, active } = workflow
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
  return (
    <button
      type="button"
      role="switch"
      aria-checked={active}
      className="active-switch"
      title={active ? 'Events are accepted' : 'Events are refused with 404'}
      onClick={() => mutate(!active)}
    >
      {active ? 'Active' : 'Inactive'}
    </button>
  )
}
