/** Going back closes what is open over the page, and the page is gone back from the next time. */
import { useBlocker } from '@tanstack/react-router'

export function useBackCloses(close: () => void): void {
  useBlocker({
    shouldBlockFn: ({ action }) => {
      if (action !== 'BACK') return false
      close()
      return true
    },
    enableBeforeUnload: false,
  })
}
