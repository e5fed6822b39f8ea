/**
 * Whether the page holds what somebody typed and did not save, for who would take the page away. A page
 * says it while it is shown.
 */
import { useEffect } from 'react'

const nothing = (): boolean => false
let read = nothing

export const hasUnsaved = (): boolean => read()

export function useUnsaved(isUnsaved: () => boolean): void {
  useEffect(() => {
    read = isUnsaved
    return () => {
      read = nothing
    }
  }, [isUnsaved])
}
