/**
 * Keys with ⌘, or Ctrl where there is none: they act wherever the focus is, in the code editor too, and
 * so they are heard before it. Not while a dialog is open, which has the page to itself.
 */
import { useLayoutEffect, useRef } from 'react'
import { withCommand } from './keys.ts'

export const SAVE_KEY = withCommand('S')
export const RUN_KEY = withCommand('↵')

export function useCommandKey(key: string, act: () => void): void {
  const latest = useRef(act)
  useLayoutEffect(() => {
    latest.current = act
  })
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== key.toLowerCase() || !(event.metaKey || event.ctrlKey)) return
      if (event.shiftKey || event.altKey) return
      if (isInDialog(event)) {
        // A form in it may be sent by Enter; the page itself is never for the browser to save.
        if (key !== 'Enter') event.preventDefault()
        return
      }
      event.preventDefault()
      event.stopPropagation()
      latest.current()
    }
    addEventListener('keydown', press, { capture: true })
    return () => removeEventListener('keydown', press, { capture: true })
  }, [key])
}

const isInDialog = ({ target }: Event): boolean =>
  target instanceof Element && target.closest('[role=dialog], [role=alertdialog]') !== null
