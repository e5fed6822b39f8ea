/** What is selected and open on the workflow page: all of it stands in the address. */
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'
import type { WorkflowSearch } from '../router.tsx'

const FROM = '/inside/workflows/$workflowId'

export type Place = {
  readonly workflowId: string
  readonly search: WorkflowSearch
  /** Changes parts of the search; undefined takes a part away. `replace` leaves no trace in the history. */
  readonly go: (
    change: { readonly [Name in keyof WorkflowSearch]?: string | undefined },
    options?: { readonly replace?: boolean },
  ) => void
}

export function usePlace(): Place {
  const { workflowId } = useParams({ from: FROM })
  const search = useSearch({ from: FROM })
  const navigate = useNavigate({ from: '/workflows/$workflowId' })
  const go: Place['go'] = useCallback(
    (change, { replace = false } = {}) =>
      void navigate({ search: (now) => merged(now, change), replace, resetScroll: false }),
    [navigate],
  )
  return { workflowId, search, go }
}

function merged(now: WorkflowSearch, change: object): WorkflowSearch {
  const all = Object.entries({ ...now, ...change })
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== ''))
}
