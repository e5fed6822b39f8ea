/** Asks the server's own compiler about the draft, shortly after the typing rests. */
import { useEffect } from 'react'
import type { StepProblemWire } from '../../src/inspector/wire-workflow.ts'
import { checkSteps } from '../api/queries.ts'
import { stepsOf } from '../model/draft.ts'
import type { Draft } from '../model/draft.ts'
import { useDraftStore, useEditor } from './use-editor.ts'

const REST_MS = 500

/** Problems by the key of their step. */
function problemsByKey(
  { steps }: Draft,
  problems: readonly StepProblemWire[],
): ReadonlyMap<string, readonly StepProblemWire[]> {
  return Map.groupBy(problems, ({ step }) => steps[step]?.key ?? '')
}

export function useCheck(): void {
  const store = useDraftStore()
  const draft = useEditor((state) => state.draft)
  const isChanged = useEditor((state) => state.isChanged)
  useEffect(() => {
    if (!isChanged) {
      if (store.state().problems.size > 0) store.setProblems(new Map())
      return undefined
    }
    const over = new AbortController()
    const timer = setTimeout(() => {
      checkSteps(stepsOf(draft), over.signal).then(
        ({ problems }) => store.setProblems(problemsByKey(draft, problems)),
        // A check that fails says nothing about the steps; saving will.
        () => undefined,
      )
    }, REST_MS)
    return () => {
      clearTimeout(timer)
      over.abort()
    }
  }, [store, draft, isChanged])
}
