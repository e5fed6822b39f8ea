/**
 * What can be done on the page that is open, for the command palette. A page says it while it is shown;
 * the list is made when the palette opens, so it costs nothing until then.
 */
import { useLayoutEffect, useRef } from 'react'

export type PageAction = {
  readonly name: string
  /** What it is done to. */
  readonly group: string
  /** Other words that people look for it by. */
  readonly also?: string
  /** The key that does the same. */
  readonly keyHint?: string
  readonly run: () => void
}

type List = () => readonly PageAction[]

const lists = new Set<List>()

export const pageActions = (): readonly PageAction[] => [...lists].flatMap((list) => list())

/** `list` is called with what the page last drew. */
export function usePageActions(list: List): void {
  const latest = useRef(list)
  useLayoutEffect(() => {
    latest.current = list
  })
  useLayoutEffect(() => {
    const mine: List = () => latest.current()
    lists.add(mine)
    return () => void lists.delete(mine)
  }, [])
}
