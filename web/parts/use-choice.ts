/**
 * What is chosen in a list, for as long as the list shows the same (`scope`): another search is another
 * list. The verbs keep their identity, so that rows that did not change are not drawn again.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { allOf, among, extended, NOTHING_CHOSEN, toggled } from '../model/choice.ts'
import type { Choice, Matching } from '../model/choice.ts'

export type Choosing = {
  readonly choice: Choice
  readonly isAny: boolean
  /** One more or one less; with `isRange` all from the last one to this one. */
  readonly choose: (id: string, isRange: boolean) => void
  readonly chooseAll: () => void
  readonly chooseMatching: (matching: Matching) => void
  readonly clear: () => void
}

export function useChoice(rows: readonly { readonly id: string }[], scope: string): Choosing {
  const [kept, keep] = useState({ scope, choice: NOTHING_CHOSEN })
  const isKept = kept.scope === scope
  const choice = useMemo(
    () => (isKept ? among(kept.choice, idsOf(rows)) : NOTHING_CHOSEN),
    [isKept, kept.choice, rows],
  )
  const latest = useRef({ rows, choice })
  useEffect(() => {
    latest.current = { rows, choice }
  })
  const change = useCallback(
    (next: (choice: Choice, order: readonly string[]) => Choice): void => {
      const { rows: listed, choice: now } = latest.current
      keep({ scope, choice: next(now, idsOf(listed)) })
    },
    [scope],
  )
  const choose = useCallback(
    (id: string, isRange: boolean): void =>
      change((now, order) => (isRange ? extended(now, id, order) : toggled(now, id))),
    [change],
  )
  const chooseAll = useCallback((): void => change(allOf), [change])
  return {
    choice,
    isAny: choice.matching !== null || choice.ids.size > 0,
    choose,
    chooseAll,
    chooseMatching: (matching) => change(() => ({ ...NOTHING_CHOSEN, matching })),
    clear: () => change(() => NOTHING_CHOSEN),
  }
}

const idsOf = (rows: readonly { readonly id: string }[]): readonly string[] =>
  rows.map(({ id }) => id)
