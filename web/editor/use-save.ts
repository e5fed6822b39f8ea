/**
 * Saving, by the button or by the keyboard. What is refused stays as it is typed, with the reason above
 * the steps; a version that somebody else saved meanwhile is never written over without being asked.
 */
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect } from 'react'
import { ApiProblem } from '../api/client.ts'
import { checkSteps, saveWorkflow, versionsQuery, workflowQuery } from '../api/queries.ts'
import { stepsOf } from '../model/draft.ts'
import { notify } from '../parts/notice.tsx'
import { problemsByKey } from './use-check.ts'
import { useDraftStore } from './use-editor.ts'

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
      const message = problem instanceof Error ? problem.message : String(problem)
      store.setSaving({ kind: 'refused', message })
      if (!(problem instanceof ApiProblem)) return
      if (problem.code === 'version_conflict') {
        void queries.invalidateQueries({ queryKey: workflowQuery(base.id).queryKey })
      } else if (problem.status === 400) {
        const { step: name, line = null, column = null } = problem.place
        const step = body.steps.findIndex((one) => one.name === name)
        const found = { step, field: null, message: problem.message, line, column }
        void checkSteps(body.steps, new AbortController().signal).then(({ problems }) => {
          // What no compiler can know, as a package that is not to be had, is the save's to tell.
          const all = step === -1 || problems.length > 0 ? problems : [found]
          store.setProblems(problemsByKey(draft, all))
        })
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

/** ⌘S and Ctrl S, wherever the focus is. */
export function useSaveKey(save: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 's' || !(event.metaKey || event.ctrlKey)) return
      if (event.shiftKey || event.altKey) return
      event.preventDefault()
      save()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [save])
}
