/**
 * Saving, by the button or by the keyboard. What is refused stays as it is typed, with the reason above
 * the steps; a version that somebody else saved meanwhile is never written over without being asked.
 */
import { useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { ApiProblem } from '../api/client.ts'
import { saveWorkflow, versionsQuery, workflowQuery } from '../api/queries.ts'
import { stepsOf } from '../model/draft.ts'
import type { Draft } from '../model/draft.ts'
import { notify } from '../parts/notice.tsx'
import type { Saving } from './draft-store.ts'
import { useDraftStore } from './use-editor.ts'

type Blamed = Extract<Saving, { kind: 'refused' }>['at']

export function useSave(): () => void {
  const store = useDraftStore()
  const queries = useQueryClient()
  return useCallback(() => {
    const { draft, base, isChanged, saving } = store.state()
    if (saving.kind === 'saving') return
    if (!isChanged) {
      notify('Nothing to save')
      return
    }
    store.setSaving({ kind: 'saving', progress: null })
    const body = { name: draft.name.trim(), steps: stepsOf(draft), expectedVersion: base.version }
    const refused = (problem: unknown): void => {
      const message = reasonOf(problem)
      const at = problem instanceof ApiProblem ? blamed(draft, problem) : null
      store.setSaving({ kind: 'refused', message, at })
      if (problem instanceof ApiProblem && problem.status === 404) store.setGone(true)
      if (problem instanceof ApiProblem && problem.code === 'version_conflict') {
        void queries.invalidateQueries({ queryKey: workflowQuery(base.id).queryKey })
      }
    }
    const tell = (progress: string): void => store.setSaving({ kind: 'saving', progress })
    saveWorkflow(base.id, body, tell).then((saved) => {
      store.saved(saved)
      queries.setQueryData(workflowQuery(base.id).queryKey, saved)
      void queries.invalidateQueries({ queryKey: versionsQuery(base.id).queryKey })
      void queries.invalidateQueries({ queryKey: ['workflows'] })
      notify(`Saved as v${saved.version}`)
    }, refused)
  }, [store, queries])
}

function reasonOf(problem: unknown): string {
  // The server's sentence is for programs, which send tokens.
  if (problem instanceof ApiProblem && problem.status === 401) {
    return 'Cannot save: your session had ended'
  }
  return problem instanceof Error ? problem.message : String(problem)
}

function blamed({ steps }: Draft, { message, place }: ApiProblem): Blamed {
  const step = steps.findIndex(({ name }) => name === place.step)
  if (step === -1) return null
  const { line = null, column = null } = place
  return { key: steps[step]!.key, problem: { step, field: null, message, line, column } }
}
