/** What is selected and open on the workflow page: all of it stands in the address. */
import { useNavigate, useParams, useRouter, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'
import type { WorkflowSearch } from '../router.tsx'

const FROM = '/inside/workflows/$workflowId'

export type Place = {
  readonly workflowId: string
  readonly search: WorkflowSearch
  /**
   * Changes parts of the search; undefined takes a part away. `replace` leaves no trace in the history.
   * Does nothing once the page was left: an answer that comes late leads nobody back.
   */
  readonly go: (
    change: { readonly [Name in keyof WorkflowSearch]?: string | undefined },
    options?: { readonly replace?: boolean },
  ) => void
}

export function usePlace(): Place {
  const { workflowId } = useParams({ from: FROM })
  const search = useSearch({ from: FROM })
  const navigate = useNavigate({ from: '/workflows/$workflowId' })
  const router = useRouter()
  const go: Place['go'] = useCallback(
    (change, { replace = false } = {}) => {
      const isHere = ({ params }: { readonly params: { readonly workflowId?: string } }): boolean =>
        params.workflowId === workflowId
      if (!router.state.matches.some(isHere)) return
      void navigate({ search: (now) => merged(now, change), replace, resetScroll: false })
    },
    [router, navigate, workflowId],
  )
  return { workflowId, search, go }
}

function merged(now: WorkflowSearch, change: object): WorkflowSearch {
  const all = Object.entries({ ...now, ...change })
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== ''))
}
